-- Records the person's decision, once. The same approval sent again, by a second click, gets the same answer and
-- changes nothing. A login without a consent hash cannot be decided.
local login = KEYS[1]
local kept = redis.call('HMGET', login, 'login', 'consentHash', 'expiresAt', 'stateHash')
if not kept[2] or tonumber(kept[3]) <= now or (kept[4] and kept[4] ~= args.stateHash) then
  return { 'unknown' }
end
if kept[2] ~= args.consentHash then
  return { 'other_browser' }
end
if kept[4] then
  return { 'decided', kept[1] }
end
if args.approval then
  redis.call('HSET', login, 'approval', args.approval, 'stateHash', args.stateHash, 'browserHash', args.browserHash,
    'expiresAt', now + args.ttl)
  expireAfter(login, args.ttl)
else
  redis.call('DEL', login)
end
return { 'decided', kept[1] }
