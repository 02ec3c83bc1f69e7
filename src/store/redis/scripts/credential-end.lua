-- Ends a credential that GitHub no longer accepts, and its grants. Its superseded tokens become pending revocations.
local tokens = load(TOKENS, args.credential)
if not tokens or tokens.generation ~= args.ifGeneration then
  return {}
end
retire(args.credential, tokens, true)
return endWhere(function(state)
  return state.credential == args.credential and state.expiresAt > now
end)
