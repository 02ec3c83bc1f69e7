-- Returns all redeemed, unexpired sessions of a person.
local sessions = {}
each(STATES, function(grant, state)
  if state.redeemed and state.expiresAt > now then
    sessions[#sessions + 1] = session(grant, state)
  end
end)
return sessions
