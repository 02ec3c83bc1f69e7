-- Ends a credential that GitHub no longer accepts, with its grants; what it superseded must still be revoked.
local tokens = load(TOKENS, args.credential)
if not tokens or tokens.generation ~= args.ifGeneration then
  return {}
end
retire(args.credential, tokens, true)
return endWhere(function(state)
  return state.credential == args.credential and state.expiresAt > now
end)
