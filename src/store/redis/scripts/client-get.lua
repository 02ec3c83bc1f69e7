-- Returns a registration.
return isRegistered() and redis.call('HGET', CLIENT, 'record') or nil
