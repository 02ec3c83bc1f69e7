-- Whether a consent is remembered and unexpired.
local expiresAt = redis.call('HGET', KEYS[1], args.consentKey)
return expiresAt and tonumber(expiresAt) > now and 1 or 0
