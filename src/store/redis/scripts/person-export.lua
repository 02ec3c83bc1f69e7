-- Returns all fields of a person's records, pending revocations and consents, each as a flat list, and the clock.
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3]), now }
