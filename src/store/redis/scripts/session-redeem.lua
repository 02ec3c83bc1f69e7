-- Redeems a code once. A second redemption with everything right is a replay and ends the grant.
local state = unexpired(args.grant)
if not state or state.codeHash ~= args.codeHash then
  return { 'unknown' }
end

-- A mismatch changes nothing: whoever has only seen the code must not be able to make it invalid, or to end the grant.
if state.clientId ~= args.clientId then
  return { 'mismatch', 'client' }
end
if (state.redirectUriSent or args.redirectUri) and state.redirectUri ~= args.redirectUri then
  return { 'mismatch', 'redirect_uri' }
end
if state.codeChallenge ~= args.codeChallenge then
  return { 'mismatch', 'code_verifier' }
end
if args.resource and state.resource ~= args.resource then
  return { 'mismatch', 'resource' }
end

if state.redeemed then
  local ended = remove(args.grant, state)
  retireUnused()
  return { 'replayed', ended }
end

state.redeemed = true
state.lastUsedAt = now
state.expiresAt = now + args.ttl
state.refreshHash = args.refreshHash
state.generation = args.refreshHash and 1 or 0
local answer = session(args.grant, state)
if not answer then
  return { 'unknown' }
end
save(STATES, args.grant, state)
return { 'redeemed', answer }
