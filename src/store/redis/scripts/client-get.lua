-- Reads a registration.
return standing() and redis.call('HGET', CLIENT, 'record') or nil
