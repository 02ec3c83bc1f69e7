-- Ends a credential that GitHub no longer accepts, and its grants. Its superseded tokens become pending revocations.
local credential = load(CREDENTIAL, args.credential)
if not credential or credential.generation ~= args.ifGeneration then
  return {}
end
retire(args.credential, credential, true)
return endWhere(function(grant)
  return grant.credential == args.credential and grant.expiresAt > now
end)
