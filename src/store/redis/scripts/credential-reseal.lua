-- Replaces the sealed form of the same token pair, if the generation is still the same.
local tokens = load(TOKENS, args.credential)
if not tokens or tokens.generation ~= args.ifGeneration then
  return 0
end
tokens.sealedTokens = args.sealedTokens
save(TOKENS, args.credential, tokens)
return 1
