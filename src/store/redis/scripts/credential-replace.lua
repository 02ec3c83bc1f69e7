-- Replaces the tokens by compare-and-set. GitHub ended the old pair when it gave the new one, so that is not kept.
local tokens = load(TOKENS, args.credential)
if not tokens or tokens.generation ~= args.ifGeneration then
  return 0
end
tokens.generation = tokens.generation + 1
tokens.sealedTokens = args.tokens.sealedTokens
tokens.accessExpiresAt = args.tokens.accessExpiresAt
tokens.refreshExpiresAt = args.tokens.refreshExpiresAt
save(TOKENS, args.credential, tokens)
return 1
