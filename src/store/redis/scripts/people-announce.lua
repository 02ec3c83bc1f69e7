-- Called before a record of the person is written: makes sure of a visit within args.delay seconds.
redis.call('HSET', ARRIVALS, args.person, now)
local visit = tonumber(redis.call('ZSCORE', VISITS, args.person) or now + args.delay)
visitAt(args.person, math.min(visit, now + args.delay))
