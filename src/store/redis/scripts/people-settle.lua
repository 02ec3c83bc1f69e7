-- Sets the next visit after a sweep, or removes a person of whom nothing is left. Counts the args.sessions and the pending
-- args.revocations that the sweep left: the totals change by the difference to the last sweep of the person.
local tally = args.sessions .. ' ' .. args.revocations
local known = redis.call('HGET', TALLIES, args.person) or '0 0'
if tally ~= known then
  local sessions, revocations = string.match(known, '^(%d+) (%d+)$')
  redis.call('HINCRBY', TOTALS, 'sessions', args.sessions - sessions)
  redis.call('HINCRBY', TOTALS, 'revocations', args.revocations - revocations)
  if tally == '0 0' then
    redis.call('HDEL', TALLIES, args.person)
  else
    redis.call('HSET', TALLIES, args.person, tally)
  end
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
