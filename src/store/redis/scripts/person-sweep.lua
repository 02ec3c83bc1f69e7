-- Ends expired grants and deletes sealed successors whose grace is over. Returns {ended grants, pending revocations,
-- credentials whose reset is due, 1 when nothing is left of the person}.
local ended = endWhere(function(state)
  return state.expiresAt <= now
end)
each(STATES, function(grant, state)
  if forgetSuccessor(state) then
    save(STATES, grant, state)
  end
end)
local left = redis.call('HLEN', STATES) + redis.call('HLEN', OUTBOX)
return { ended, redis.call('HVALS', OUTBOX), resetsDue(), left == 0 and 1 or 0 }
