-- Ends expired grants and deletes sealed successors whose grace is over. Returns {ended grants, pending revocations,
-- credentials whose reset is due, sessions that are left, 1 when nothing is left of the person}.
local ended = endWhere(function(grant)
  return grant.expiresAt <= now
end)
local sessions = 0
each(GRANT, function(id, grant)
  sessions = sessions + 1
  if forgetSuccessor(grant) then
    save(GRANT, id, grant)
  end
end)
local left = redis.call('EXISTS', PERSON, OUTBOX)
return { ended, redis.call('HVALS', OUTBOX), resetsDue(), sessions, left == 0 and 1 or 0 }
