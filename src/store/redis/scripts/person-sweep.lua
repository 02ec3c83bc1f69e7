-- Ends expired grants and deletes sealed successors whose grace is over. Returns {ended grants, pending revocations,
-- credentials whose reset is due, what is left for the directory, 1 when nothing is left of the person}. What is left: the
-- number of sessions; then, if there are some, when the oldest began, when one was used last, the credential of the newest,
-- and for each client its id, one of its records and its number of sessions.
local ended = endWhere(function(grant)
  return grant.expiresAt <= now
end)
local sessions, createdAt, lastUsedAt = 0, nil, nil
local newest
local clients, at = {}, {}
each(GRANT, function(id, grant)
  sessions = sessions + 1
  createdAt = math.min(createdAt or grant.createdAt, grant.createdAt)
  lastUsedAt = math.max(lastUsedAt or 0, grant.lastUsedAt)
  if not newest or grant.createdAt > newest.createdAt then
    newest = grant
  end
  -- A client that uses two servers has two entries.
  local key = grant.clientId .. '\n' .. cjson.encode(cjson.decode(grant.record)[4])
  if not at[key] then
    at[key] = #clients + 3
    clients[#clients + 1] = grant.clientId
    clients[#clients + 1] = grant.record
    clients[#clients + 1] = 0
  end
  clients[at[key]] = clients[at[key]] + 1
  if forgetSuccessor(grant) then
    save(GRANT, id, grant)
  end
end)
local left = { sessions }
local credential = newest and credentialOf(newest)
if credential then
  left = { sessions, createdAt, lastUsedAt, credential, unpack(clients) }
end
-- A block stays, but needs no visit.
local records = redis.call('HLEN', PERSON) - redis.call('HEXISTS', PERSON, BLOCKED) + redis.call('HLEN', OUTBOX)
return { ended, redis.call('HVALS', OUTBOX), resetsDue(), left, records == 0 and 1 or 0 }
