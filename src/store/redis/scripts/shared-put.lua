-- Writes a value unless there is one; answers the one that stands.
redis.call('SET', KEYS[1], args.value, 'NX')
return redis.call('GET', KEYS[1])
