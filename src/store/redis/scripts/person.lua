-- The records of one person, and what happens to them in more than one script. Every script on a person gets the
-- same keys, which share the person's slot. Records made in TypeScript are opaque here (cjson would turn an
-- empty list into an object): what scripts read and write is the flat state beside them.

local GRANTS = KEYS[1] -- hash, grant id -> the grant, opaque
local STATES = KEYS[2] -- hash, grant id -> what is checked and what changes
local CREDENTIALS = KEYS[3] -- hash, credential id -> app and account, opaque
local TOKENS = KEYS[4] -- hash, credential id -> generation, sealed tokens and those they superseded
local OUTBOX = KEYS[5] -- hash, revocation id -> the pending revocation

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

-- The state of an unexpired grant.
local function live(grant)
  local state = load(STATES, grant)
  return state and state.expiresAt > now and state or nil
end

-- The state of an unexpired grant whose code was redeemed.
local function redeemed(grant)
  local state = live(grant)
  return state and state.redeemed and state or nil
end

-- Forgets the successor of a spent refresh token once its grace is over; says whether there was one.
local function forgetSuccessor(state)
  if state.sealedSuccessor and state.graceUntil < now then
    state.sealedSuccessor = nil
    return true
  end
  return false
end

local posted = 0

-- Puts a token pair among the pending revocations. args.batch makes the ids unique.
local function postRevocation(credential, appClientId, sealedTokens)
  posted = posted + 1
  local id = args.batch .. '-' .. posted
  save(OUTBOX, id, {
    person = args.person,
    id = id,
    credential = credential,
    appClientId = appClientId,
    sealedTokens = sealedTokens,
  })
end

-- Deletes a credential; its tokens become pending revocations, the current pair unless GitHub ended it already.
local function retire(credential, tokens, currentIsDead)
  for _, sealedTokens in ipairs(tokens.superseded or {}) do
    postRevocation(credential, tokens.appClientId, sealedTokens)
  end
  if not currentIsDead then
    postRevocation(credential, tokens.appClientId, tokens.sealedTokens)
  end
  redis.call('HDEL', CREDENTIALS, credential)
  redis.call('HDEL', TOKENS, credential)
end

-- Retires every credential that no unexpired grant uses.
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
    end
  end)
end

-- Removes a grant; the caller retires what is unused when it has removed all. Answers {id, client id}.
local function remove(grant, state)
  redis.call('HDEL', GRANTS, grant)
  redis.call('HDEL', STATES, grant)
  return { grant, state.clientId }
end

-- Removes the grants for which matches(state) is true, and retires what they leave unused.
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

-- A session as TypeScript reads it, or nil when its credential is gone.
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
