-- Sets the next visit after a sweep, or removes a person of whom nothing is left.
if not args.empty then
  visitAt(args.person, now + args.interval)
  return
end
local announced = tonumber(redis.call('ZSCORE', ANNOUNCED, args.person) or 0)
if announced + ANNOUNCED_FOR > now then
  visitAt(args.person, announced + ANNOUNCED_FOR)
  return
end
redis.call('ZREM', VISITS, args.person)
redis.call('ZREM', NAMES, args.person)
