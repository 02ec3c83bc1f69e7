-- One registered client: a hash with the record, the hash of its registration token, whether a login has used it, and
-- when it is deleted.
local CLIENT = KEYS[1]

-- Whether there is an unexpired registration.
local function isRegistered()
  local expiresAt = redis.call('HGET', CLIENT, 'expiresAt')
  return expiresAt and tonumber(expiresAt) > now
end

-- Whether there is one whose registration token has this hash.
local function hasToken(tokenHash)
  return isRegistered() and redis.call('HGET', CLIENT, 'tokenHash') == tokenHash
end
