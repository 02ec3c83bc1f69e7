-- Sets the next visit after a sweep; a person with nothing left is forgotten.
if not args.empty then
  visitAt(args.person, now + args.interval)
  return
end
local arrival = tonumber(redis.call('HGET', ARRIVALS, args.person) or 0)
if arrival + LANDING > now then
  visitAt(args.person, arrival + LANDING)
  return
end
redis.call('ZREM', VISITS, args.person)
redis.call('ZREM', NAMES, args.person)
redis.call('HDEL', ARRIVALS, args.person)
