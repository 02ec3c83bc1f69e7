-- Writes a grant whose code can be redeemed, and its credential: a new one, or new tokens for the existing one. If a reset
-- of the old tokens was due, a recipient whose grant has ended may hold them: they are revoked at once instead. Returns nil for
-- a person who is blocked.
if redis.call('HEXISTS', PERSON, BLOCKED) == 1 then
  return nil
end
local credential = args.credential
local old = load(CREDENTIAL, args.credentialId)
if old then
  credential.superseded = old.superseded
  if old.sealedTokens == credential.sealedTokens then
    credential.resetDue = old.resetDue
  elseif old.resetDue then
    addRevocation(args.credentialId, old.appClientId, old.sealedTokens)
  else
    local superseded = old.superseded or {}
    superseded[#superseded + 1] = old.sealedTokens
    if #superseded > args.supersededKept then
      table.remove(superseded, 1)
    end
    credential.superseded = superseded
  end
  credential.generation = old.generation + 1
end
save(CREDENTIAL, args.credentialId, credential)

local grant = args.grant
grant.redeemed = false
grant.generation = 0
grant.createdAt = now
grant.lastUsedAt = now
grant.expiresAt = now + args.codeTtl
save(GRANT, args.grantId, grant)

-- When the person has too many sessions, the one whose last use is oldest is ended. The hash counts credentials, too.
if redis.call('HLEN', PERSON) <= args.limit then
  return {}
end
local count, oldestId, oldest = 0, nil, nil
each(GRANT, function(id, candidate)
  count = count + 1
  if id ~= args.grantId and (not oldest or candidate.lastUsedAt < oldest.lastUsedAt) then
    oldestId, oldest = id, candidate
  end
end)
if count <= args.limit then
  return {}
end
local ended = remove(oldestId, oldest)
retireUnused()
return { ended }
