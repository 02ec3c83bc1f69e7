-- One registered client: a hash of its own with the record, the hash of its registration token, whether a login ever
-- used it, and when it is dropped.
local CLIENT = KEYS[1]

local function standing()
  local expiresAt = redis.call('HGET', CLIENT, 'expiresAt')
  return expiresAt and tonumber(expiresAt) > now
end

local function standsUnder(tokenHash)
  return standing() and redis.call('HGET', CLIENT, 'tokenHash') == tokenHash
end
