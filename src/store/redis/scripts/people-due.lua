-- Claims people whose visit is due: their next visit is moved to the end of the lease.
local due = redis.call('ZRANGEBYSCORE', VISITS, '-inf', now, 'LIMIT', 0, args.limit)
for _, person in ipairs(due) do
  redis.call('ZADD', VISITS, now + args.lease, person)
end
return due
