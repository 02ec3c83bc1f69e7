-- Returns a session, and notes when it was used (to the minute).
local grant, value = redeemed(args.grant)
local credential = grant and credentialOf(grant)
if not credential then
  return nil
end
local toForget, toNote = forgetSuccessor(grant), now - grant.lastUsedAt >= 60
if toNote then
  grant.lastUsedAt = now
end
if toForget or toNote then
  value = save(GRANT, args.grant, grant)
end
return { value, credential }
