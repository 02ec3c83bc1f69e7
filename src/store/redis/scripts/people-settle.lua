-- Sets the next visit after a sweep, or removes a person of whom nothing is left.
if not args.empty then
  visitAt(args.person, now + args.interval)
  return
end
local arrival = tonumber(redis.call('HGET', ARRIVALS, args.person) or 0)
if arrival + ANNOUNCED_FOR > now then
  visitAt(args.person, arrival + ANNOUNCED_FOR)
  return
end
redis.call('ZREM', VISITS, args.person)
redis.call('ZREM', NAMES, args.person)
redis.call('HDEL', ARRIVALS, args.person)
