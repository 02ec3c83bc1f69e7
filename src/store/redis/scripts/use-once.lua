-- True the first time within the lifetime.
local expiresAt = redis.call('GET', KEYS[1])
if expiresAt and tonumber(expiresAt) > now then
  return 0
end
redis.call('SET', KEYS[1], now + args.ttl)
collectAfter(KEYS[1], args.ttl)
return 1
