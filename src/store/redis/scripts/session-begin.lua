-- Writes a grant whose code can be redeemed, and its credential: a new one, or new tokens for the existing one. If a reset
-- of the old tokens was due, a recipient whose grant has ended may hold them: they are revoked at once instead.
local tokens = load(TOKENS, args.credential)
if tokens then
  if tokens.sealedTokens == args.tokens.sealedTokens then
    args.tokens.superseded = tokens.superseded
    args.tokens.resetDue = tokens.resetDue
  elseif tokens.resetDue then
    addRevocation(args.credential, tokens.appClientId, tokens.sealedTokens)
    args.tokens.superseded = tokens.superseded
  else
    local superseded = tokens.superseded or {}
    superseded[#superseded + 1] = tokens.sealedTokens
    if #superseded > args.supersededKept then
      table.remove(superseded, 1)
    end
    args.tokens.superseded = superseded
  end
  args.tokens.generation = tokens.generation + 1
end
save(TOKENS, args.credential, args.tokens)
redis.call('HSET', CREDENTIALS, args.credential, args.credentialRecord)

local state = args.state
state.generation = 0
state.createdAt = now
state.lastUsedAt = now
state.expiresAt = now + args.codeTtl
save(STATES, args.grant, state)
redis.call('HSET', GRANTS, args.grant, args.grantRecord)

-- When the person has too many sessions, the one whose last use is oldest is ended.
if redis.call('HLEN', STATES) > args.limit then
  local oldest, oldestState
  each(STATES, function(grant, candidate)
    if grant ~= args.grant and (not oldest or candidate.lastUsedAt < oldestState.lastUsedAt) then
      oldest, oldestState = grant, candidate
    end
  end)
  local ended = remove(oldest, oldestState)
  retireUnused()
  return { ended }
end
return {}
