-- Returns a registration, and when it expires.
return isRegistered() and redis.call('HMGET', CLIENT, 'record', 'expiresAt') or nil
