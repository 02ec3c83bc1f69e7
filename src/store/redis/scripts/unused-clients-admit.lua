-- Adds a new registration to those that no login has used. When there are too many, removes the oldest and returns
-- their ids.
local UNUSED = KEYS[1] -- sorted set: client id -> when it was added

redis.call('ZREMRANGEBYSCORE', UNUSED, '-inf', now - args.ttl)
local dropped = {}
while redis.call('ZCARD', UNUSED) >= math.max(args.limit, 1) do
  dropped[#dropped + 1] = redis.call('ZPOPMIN', UNUSED)[1]
end

-- Registrations of the same second get different fractions of it, which keeps their order.
local newest = redis.call('ZREVRANGE', UNUSED, 0, 0, 'WITHSCORES')[2]
local added = math.max(now, newest and tonumber(newest) + 0.000001 or 0)
redis.call('ZADD', UNUSED, string.format('%.6f', added), args.clientId)
return dropped
