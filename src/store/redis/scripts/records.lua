-- The records of one person. Scripts on a person get both keys, which are in the person's slot; session-read gets only
-- the first. A value in PERSON is two lines. The first is the state: a JSON list of the members that scripts check or
-- change. The second is the record: the other members, a list that TypeScript makes and parses (person-records.ts).
-- Scripts copy the record as it is, because cjson would turn an empty list in it into an object.

local PERSON = KEYS[1] -- hash: GRANT .. grant id, and CREDENTIAL .. credential id -> state and record
local OUTBOX = KEYS[2] -- hash: revocation id -> the pending revocation

local GRANT = 'grant:'
local CREDENTIAL = 'credential:'
local BLOCKED = 'blocked' -- the field of the block (JSON), while the person is blocked

local function present(member)
  return member ~= cjson.null and member or nil
end

-- The state in a list, by the names of its members. person-records.ts knows the same order.
local function stateOf(kind, list)
  if kind == GRANT then
    return {
      clientId = list[1],
      credential = list[2],
      codeHash = list[3],
      redeemed = list[4],
      sendsGithubToken = list[5],
      createdAt = list[6],
      lastUsedAt = list[7],
      expiresAt = list[8],
      generation = list[9],
      refreshHash = list[10],
      spentHash = list[11],
      graceUntil = list[12],
      sealedSuccessor = list[13],
    }
  end
  return {
    appClientId = list[1],
    generation = list[2],
    sealedTokens = list[3],
    accessExpiresAt = present(list[4]),
    refreshExpiresAt = present(list[5]),
    resetDue = present(list[6]),
    superseded = list[7],
  }
end

-- The list of a state. cjson writes null for an absent member, and ends the list with the last member that is present.
local function listOf(kind, state)
  if kind == GRANT then
    return {
      state.clientId, state.credential, state.codeHash, state.redeemed, state.sendsGithubToken, state.createdAt,
      state.lastUsedAt, state.expiresAt, state.generation, state.refreshHash, state.spentHash, state.graceUntil,
      state.sealedSuccessor,
    }
  end
  return {
    state.appClientId, state.generation, state.sealedTokens, state.accessExpiresAt, state.refreshExpiresAt,
    state.resetDue, state.superseded,
  }
end

local function decode(kind, value)
  local line = string.find(value, '\n', 1, true)
  local state = stateOf(kind, cjson.decode(string.sub(value, 1, line - 1)))
  state.record = string.sub(value, line + 1)
  return state
end

local function encode(kind, state)
  return cjson.encode(listOf(kind, state)) .. '\n' .. state.record
end

-- Returns a state and its value; nil when there is none.
local function load(kind, id)
  local value = redis.call('HGET', PERSON, kind .. id)
  if value then
    return decode(kind, value), value
  end
end

-- Returns the value that it writes.
local function save(kind, id, state)
  local value = encode(kind, state)
  redis.call('HSET', PERSON, kind .. id, value)
  return value
end

-- Returns a grant and its value, if it is unexpired.
local function unexpired(id)
  local grant, value = load(GRANT, id)
  if grant and grant.expiresAt > now then
    return grant, value
  end
end

-- Returns a grant and its value, if it is unexpired and its code was redeemed.
local function redeemed(id)
  local grant, value = unexpired(id)
  if grant and grant.redeemed then
    return grant, value
  end
end

-- Deletes the sealed successor and the hash of its predecessor once the grace is over; returns whether it did.
local function forgetSuccessor(grant)
  if grant.sealedSuccessor and grant.graceUntil < now then
    grant.spentHash, grant.graceUntil, grant.sealedSuccessor = nil, nil, nil
    return true
  end
  return false
end

-- The value of a grant's credential.
local function credentialOf(grant)
  return redis.call('HGET', PERSON, CREDENTIAL .. grant.credential)
end
