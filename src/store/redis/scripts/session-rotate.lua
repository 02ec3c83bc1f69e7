-- Rotates the refresh token (design decision 6).
local state = redeemed(args.grant)
if not state or state.clientId ~= args.clientId then
  return { 'unknown' }
end

if args.presentedHash == state.refreshHash then
  state.spentHash = args.presentedHash
  state.sealedSuccessor = args.sealedSuccessor
  state.graceUntil = now + args.grace
  state.refreshHash = args.successorHash
  state.generation = state.generation + 1
  state.lastUsedAt = now
  state.expiresAt = now + args.ttl
  save(STATES, args.grant, state)
  return { 'rotated', redis.call('HGET', GRANTS, args.grant), cjson.encode(state) }
end

if args.presentedHash == state.spentHash and state.sealedSuccessor and now <= state.graceUntil then
  return { 'repeated', redis.call('HGET', GRANTS, args.grant), cjson.encode(state), state.sealedSuccessor }
end

-- The caller verified that this server issued the token: one of an older generation was rotated before.
if args.presentedGeneration < state.generation then
  local ended = remove(args.grant, state)
  retireUnused()
  return { 'reused', ended }
end
return { 'unknown' }
