-- Replaces the tokens by compare-and-set. The old pair is not kept, and need not be reset: GitHub ended it when it issued
-- the new one.
local tokens = load(TOKENS, args.credential)
if not tokens or tokens.generation ~= args.ifGeneration then
  return 0
end
tokens.generation = tokens.generation + 1
tokens.sealedTokens = args.tokens.sealedTokens
tokens.accessExpiresAt = args.tokens.accessExpiresAt
tokens.refreshExpiresAt = args.tokens.refreshExpiresAt
tokens.resetDue = nil
save(TOKENS, args.credential, tokens)
return 1
