-- Writes a new login, with its approval when it has one. Without a consent hash it cannot be decided.
local login = KEYS[1]
redis.call('DEL', login)
redis.call('HSET', login, 'login', args.login, 'expiresAt', now + args.ttl)
if args.consentHash then
  redis.call('HSET', login, 'consentHash', args.consentHash)
end
if args.approval then
  redis.call('HSET', login, 'approval', args.approval, 'stateHash', args.stateHash, 'browserHash', args.browserHash)
end
expireAfter(login, args.ttl)
