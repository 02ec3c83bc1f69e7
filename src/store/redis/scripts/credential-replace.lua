-- Replaces the tokens by compare-and-set. The old pair is not kept, and need not be reset: GitHub ended it when it issued
-- the new one.
local credential = load(CREDENTIAL, args.credential)
if not credential or credential.generation ~= args.ifGeneration then
  return 0
end
credential.generation = credential.generation + 1
credential.sealedTokens = args.tokens.sealedTokens
credential.accessExpiresAt = args.tokens.accessExpiresAt
credential.refreshExpiresAt = args.tokens.refreshExpiresAt
credential.resetDue = nil
save(CREDENTIAL, args.credential, credential)
return 1
