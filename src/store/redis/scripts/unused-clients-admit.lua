-- Enters a new registration among those that never saw a login; answers the oldest, which must make room for it.
local UNUSED = KEYS[1] -- sorted set, client id -> when it was added

redis.call('ZREMRANGEBYSCORE', UNUSED, '-inf', now - args.ttl)
local dropped = {}
while redis.call('ZCARD', UNUSED) >= math.max(args.limit, 1) do
  dropped[#dropped + 1] = redis.call('ZPOPMIN', UNUSED)[1]
end

-- Registrations of one second keep their order by a fraction of it.
local newest = redis.call('ZREVRANGE', UNUSED, 0, 0, 'WITHSCORES')[2]
local added = math.max(now, newest and tonumber(newest) + 0.000001 or 0)
redis.call('ZADD', UNUSED, string.format('%.6f', added), args.clientId)
return dropped
