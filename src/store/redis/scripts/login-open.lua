-- Keeps a login; with an approval it already stands behind consent.
local login = KEYS[1]
redis.call('DEL', login)
redis.call('HSET', login, 'login', args.login, 'consentHash', args.consentHash, 'expiresAt', now + args.ttl)
if args.approval then
  redis.call('HSET', login, 'approval', args.approval, 'stateHash', args.stateHash, 'browserHash', args.browserHash)
end
collectAfter(login, args.ttl)
