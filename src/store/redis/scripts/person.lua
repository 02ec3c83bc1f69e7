-- The records of one person, and functions on them that several scripts use. Every script on a person gets the same
-- keys, which are all in the person's slot. Scripts do not parse the records made in TypeScript, because cjson would
-- turn an empty list into an object; they read and write the flat state kept beside each record.

local GRANTS = KEYS[1] -- hash: grant id -> the grant (JSON, not parsed here)
local STATES = KEYS[2] -- hash: grant id -> the state: what scripts check, and what changes
local CREDENTIALS = KEYS[3] -- hash: credential id -> app, account and scopes (JSON, not parsed here)
local TOKENS = KEYS[4] -- hash: credential id -> generation, sealed tokens, superseded sealed tokens
local OUTBOX = KEYS[5] -- hash: revocation id -> the pending revocation

local function load(key, id)
  local json = redis.call('HGET', key, id)
  return json and cjson.decode(json)
end

local function save(key, id, value)
  redis.call('HSET', key, id, cjson.encode(value))
end

-- Calls visit(id, value) for each record of a hash.
local function each(key, visit)
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    visit(flat[i], cjson.decode(flat[i + 1]))
  end
end

-- The state of a grant, if it is unexpired.
local function unexpired(grant)
  local state = load(STATES, grant)
  return state and state.expiresAt > now and state or nil
end

-- The state of a grant, if it is unexpired and its code was redeemed.
local function redeemed(grant)
  local state = unexpired(grant)
  return state and state.redeemed and state or nil
end

-- Deletes the sealed successor once the grace is over; returns whether it did.
local function forgetSuccessor(state)
  if state.sealedSuccessor and state.graceUntil < now then
    state.sealedSuccessor = nil
    return true
  end
  return false
end

local added = 0
local exposed = {} -- credentials of deleted grants whose recipient got the GitHub token

-- Adds a token pair to the pending revocations. args.batch makes its id unique.
local function addRevocation(credential, appClientId, sealedTokens)
  added = added + 1
  local id = args.batch .. '-' .. added
  save(OUTBOX, id, {
    person = args.person,
    id = id,
    credential = credential,
    appClientId = appClientId,
    sealedTokens = sealedTokens,
  })
end

-- Moves the superseded pairs of a credential to the pending revocations.
local function revokeSuperseded(credential, tokens)
  for _, sealedTokens in ipairs(tokens.superseded or {}) do
    addRevocation(credential, tokens.appClientId, sealedTokens)
  end
  tokens.superseded = nil
end

-- Deletes a credential. Its tokens become pending revocations: the superseded pairs, and the current pair unless
-- GitHub has ended that already (currentIsDead).
local function retire(credential, tokens, currentIsDead)
  revokeSuperseded(credential, tokens)
  if not currentIsDead then
    addRevocation(credential, tokens.appClientId, tokens.sealedTokens)
  end
  redis.call('HDEL', CREDENTIALS, credential)
  redis.call('HDEL', TOKENS, credential)
end

-- Retires every credential that no unexpired grant uses. Of the others, those that a recipient got before its grant was
-- deleted by this script are marked to be reset, and their superseded pairs are revoked.
local function retireUnused()
  local used = {}
  each(STATES, function(_, state)
    if state.expiresAt > now then
      used[state.credential] = true
    end
  end)
  each(TOKENS, function(credential, tokens)
    if not used[credential] then
      retire(credential, tokens, false)
    elseif exposed[credential] then
      revokeSuperseded(credential, tokens)
      tokens.resetDue = true
      save(TOKENS, credential, tokens)
    end
  end)
end

-- Deletes a grant; when the caller has deleted all that it wants, it calls retireUnused. Returns {grant id, client id}.
local function remove(grant, state)
  redis.call('HDEL', GRANTS, grant)
  redis.call('HDEL', STATES, grant)
  if state.sendsGithubToken and state.redeemed then
    exposed[state.credential] = true
  end
  return { grant, state.clientId }
end

-- Ends the grants for which matches(state) is true, and retires the credentials that no grant uses any more.
local function endWhere(matches)
  local ended = {}
  each(STATES, function(grant, state)
    if matches(state) then
      ended[#ended + 1] = remove(grant, state)
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
  each(TOKENS, function(credential, tokens)
    if tokens.resetDue then
      due[#due + 1] = credential
    end
  end)
  return due
end

-- A session in the form that TypeScript parses (person-records.ts); nil when its credential is gone.
local function session(grant, state)
  local tokens = redis.call('HGET', TOKENS, state.credential)
  if not tokens then
    return nil
  end
  return {
    grant,
    redis.call('HGET', GRANTS, grant),
    cjson.encode(state),
    redis.call('HGET', CREDENTIALS, state.credential),
    tokens,
  }
end
