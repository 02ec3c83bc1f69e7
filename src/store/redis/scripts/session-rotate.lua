-- Rotates the refresh token (design decision 6).
local grant = redeemed(args.grant)
if not grant or grant.clientId ~= args.clientId then
  return { 'unknown' }
end

if args.presentedHash == grant.refreshHash then
  grant.spentHash = args.presentedHash
  grant.sealedSuccessor = args.sealedSuccessor
  grant.graceUntil = now + args.grace
  grant.refreshHash = args.successorHash
  grant.generation = grant.generation + 1
  grant.lastUsedAt = now
  grant.expiresAt = now + args.ttl
  save(GRANT, args.grant, grant)
  return { 'rotated' }
end

if args.presentedHash == grant.spentHash and now <= grant.graceUntil then
  return { 'repeated', grant.sealedSuccessor }
end

-- The caller verified that this server issued the token: one of an older generation was rotated before.
if args.presentedGeneration < grant.generation then
  local ended = remove(args.grant, grant)
  retireUnused()
  return { 'reused', ended }
end
return { 'unknown' }
