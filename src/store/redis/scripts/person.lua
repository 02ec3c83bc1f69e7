-- Ends grants of one person, and retires credentials that no grant uses any more.

-- Calls visit(id, state, value) for each grant, or for each credential.
local function each(kind, visit)
  local flat = redis.call('HGETALL', PERSON)
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, #kind) == kind then
      visit(string.sub(flat[i], #kind + 1), decode(kind, flat[i + 1]), flat[i + 1])
    end
  end
end

local added = 0
local exposed = {} -- credentials of deleted grants whose recipient got the GitHub token

-- Adds a token pair to the pending revocations. args.batch makes its id unique.
local function addRevocation(id, appClientId, sealedTokens)
  added = added + 1
  local revocation = args.batch .. '-' .. added
  redis.call('HSET', OUTBOX, revocation, cjson.encode({
    person = args.person,
    id = revocation,
    credential = id,
    appClientId = appClientId,
    sealedTokens = sealedTokens,
  }))
end

-- Moves the superseded pairs of a credential to the pending revocations.
local function revokeSuperseded(id, credential)
  for _, sealedTokens in ipairs(credential.superseded or {}) do
    addRevocation(id, credential.appClientId, sealedTokens)
  end
  credential.superseded = nil
end

-- Deletes a credential. Its tokens become pending revocations: the superseded pairs, and the current pair unless
-- GitHub has ended that already (currentIsDead).
local function retire(id, credential, currentIsDead)
  revokeSuperseded(id, credential)
  if not currentIsDead then
    addRevocation(id, credential.appClientId, credential.sealedTokens)
  end
  redis.call('HDEL', PERSON, CREDENTIAL .. id)
end

-- Retires every credential that no unexpired grant uses. Of the others, those that a recipient got before its grant was
-- deleted by this script are marked to be reset, and their superseded pairs are revoked.
local function retireUnused()
  local used = {}
  each(GRANT, function(_, grant)
    if grant.expiresAt > now then
      used[grant.credential] = true
    end
  end)
  each(CREDENTIAL, function(id, credential)
    if not used[id] then
      retire(id, credential, false)
    elseif exposed[id] then
      revokeSuperseded(id, credential)
      credential.resetDue = true
      save(CREDENTIAL, id, credential)
    end
  end)
end

-- Deletes a grant; when the caller has deleted all that it wants, it calls retireUnused. Returns {grant id, client id}.
local function remove(id, grant)
  redis.call('HDEL', PERSON, GRANT .. id)
  if grant.sendsGithubToken and grant.redeemed then
    exposed[grant.credential] = true
  end
  return { id, grant.clientId }
end

-- Ends the grants for which matches(grant) is true, and retires the credentials that no grant uses any more.
local function endWhere(matches)
  local ended = {}
  each(GRANT, function(id, grant)
    if matches(grant) then
      ended[#ended + 1] = remove(id, grant)
    end
  end)
  if #ended > 0 then
    retireUnused()
  end
  return ended
end

-- The ids of the credentials whose reset is due.
local function resetsDue()
  local due = {}
  each(CREDENTIAL, function(id, credential)
    if credential.resetDue then
      due[#due + 1] = id
    end
  end)
  return due
end
