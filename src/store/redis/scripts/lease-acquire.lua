-- Takes or renews a lease, unless another owner holds it.
local held = redis.call('HMGET', KEYS[1], 'owner', 'expiresAt')
if held[1] and held[1] ~= args.owner and tonumber(held[2]) > now then
  return 0
end
redis.call('HSET', KEYS[1], 'owner', args.owner, 'expiresAt', now + args.ttl)
expireAfter(KEYS[1], args.ttl)
return 1
