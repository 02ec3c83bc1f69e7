-- Blocks a person, and ends all unexpired grants.
redis.call('HSET', PERSON, BLOCKED, cjson.encode({
  githubId = args.githubId,
  login = args.login,
  reason = args.reason,
  blockedAt = now,
}))
return endWhere(function(grant)
  return grant.expiresAt > now
end)
