-- Sets the next visit after a sweep, or removes a person of whom nothing is left. Counts the args.sessions and the pending
-- args.revocations that the sweep left: the totals change by the difference to the last sweep of the person. args.entry is the
-- new entry (JSON), args.login the login in it, if there are sessions.
local known, value = readEntry(args.person)
if args.entry ~= value then
  redis.call('HINCRBY', TOTALS, 'sessions', args.sessions - known[1])
  redis.call('HINCRBY', TOTALS, 'revocations', args.revocations - known[2])
  local isLeft = args.sessions + args.revocations > 0
  writeEntry(args.person, known, isLeft and args.entry or nil, args.login)
  if args.revocations > 0 then
    redis.call('ZADD', WAITING, 'NX', now, args.person)
  else
    redis.call('ZREM', WAITING, args.person)
  end
end
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
