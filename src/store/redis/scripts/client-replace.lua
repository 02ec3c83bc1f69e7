-- Replaces a registration if its registration token is still the expected one.
if not hasToken(args.ifTokenHash) then
  return 0
end
redis.call('HSET', CLIENT, 'record', args.record, 'tokenHash', args.tokenHash)
return 1
