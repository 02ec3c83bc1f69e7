-- Marks an id as used for args.ttl seconds; 0 when it is marked already.
local expiresAt = redis.call('GET', KEYS[1])
if expiresAt and tonumber(expiresAt) > now then
  return 0
end
redis.call('SET', KEYS[1], now + args.ttl)
expireAfter(KEYS[1], args.ttl)
return 1
