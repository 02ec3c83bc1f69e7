-- Redeems a code once. A second redemption with everything right is a replay and ends the grant.
local grant = unexpired(args.grant)
if not grant or grant.codeHash ~= args.codeHash then
  return { 'unknown' }
end

-- A mismatch changes nothing: whoever has only seen the code must not be able to make it invalid, or to end the grant.
local redirectUri, redirectUriSent, codeChallenge, resource = unpack(cjson.decode(grant.record))
if grant.clientId ~= args.clientId then
  return { 'mismatch', 'client' }
end
if (redirectUriSent or args.redirectUri) and redirectUri ~= args.redirectUri then
  return { 'mismatch', 'redirect_uri' }
end
if codeChallenge ~= args.codeChallenge then
  return { 'mismatch', 'code_verifier' }
end
if args.resource and resource ~= args.resource then
  return { 'mismatch', 'resource' }
end

if grant.redeemed then
  local ended = remove(args.grant, grant)
  retireUnused()
  return { 'replayed', ended }
end

local credential = credentialOf(grant)
if not credential then
  return { 'unknown' }
end
grant.redeemed = true
grant.lastUsedAt = now
grant.expiresAt = now + args.ttl
grant.refreshHash = args.refreshHash
grant.generation = args.refreshHash and 1 or 0
return { 'redeemed', { save(GRANT, args.grant, grant), credential } }
