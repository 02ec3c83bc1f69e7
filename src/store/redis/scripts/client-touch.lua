-- Marks a registration as used and keeps it for another args.ttl seconds.
if isRegistered() then
  redis.call('HSET', CLIENT, 'used', 1, 'expiresAt', now + args.ttl)
  expireAfter(CLIENT, args.ttl)
end
