-- Writes a registration as it was in another store.
redis.call('DEL', CLIENT)
redis.call('HSET', CLIENT, 'record', args.record, 'tokenHash', args.tokenHash, 'expiresAt', args.expiresAt)
if args.used then
  redis.call('HSET', CLIENT, 'used', 1)
end
expireAfter(CLIENT, math.max(0, args.expiresAt - now))
