-- Takes the person's decision, once. The very same approval may come again, from a second click.
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
  collectAfter(login, args.ttl)
else
  redis.call('DEL', login)
end
return { 'decided', kept[1] }
