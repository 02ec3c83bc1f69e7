-- Notes that a login used the registration.
if standing() then
  redis.call('HSET', CLIENT, 'used', 1, 'expiresAt', now + args.ttl)
  collectAfter(CLIENT, args.ttl)
end
