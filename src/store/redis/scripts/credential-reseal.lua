-- Replaces the sealed form of the same token pair, if the generation is still the same.
local credential = load(CREDENTIAL, args.credential)
if not credential or credential.generation ~= args.ifGeneration then
  return 0
end
credential.sealedTokens = args.sealedTokens
save(CREDENTIAL, args.credential, credential)
return 1
