-- Called before a record of the person is written: makes sure of a visit within args.delay seconds.
redis.call('ZREMRANGEBYSCORE', ANNOUNCED, '-inf', now - ANNOUNCED_FOR)
redis.call('ZADD', ANNOUNCED, now, args.person)
expireAfter(ANNOUNCED, ANNOUNCED_FOR)
local visit = tonumber(redis.call('ZSCORE', VISITS, args.person) or now + args.delay)
visitAt(args.person, math.min(visit, now + args.delay))
