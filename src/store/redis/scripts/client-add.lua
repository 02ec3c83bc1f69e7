-- Writes a new registration.
redis.call('DEL', CLIENT)
redis.call('HSET', CLIENT, 'record', args.record, 'tokenHash', args.tokenHash, 'expiresAt', now + args.ttl)
expireAfter(CLIENT, args.ttl)
