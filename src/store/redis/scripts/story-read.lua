-- Returns the entries of a story.
local expiresAt = tonumber(redis.call('LINDEX', KEYS[1], 0) or 0)
if expiresAt <= now then
  return {}
end
return redis.call('LRANGE', KEYS[1], 1, -1)
