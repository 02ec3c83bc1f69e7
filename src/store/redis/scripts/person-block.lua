-- Blocks a person, and ends all unexpired grants. A second block keeps when the first was, and what it said more.
local before = cjson.decode(redis.call('HGET', PERSON, BLOCKED) or '{}')
redis.call('HSET', PERSON, BLOCKED, cjson.encode({
  githubId = args.githubId,
  login = args.login or before.login,
  reason = args.reason or before.reason,
  blockedAt = before.blockedAt or now,
}))
return endWhere(function(grant)
  return grant.expiresAt > now
end)
