-- Returns all redeemed, unexpired sessions of a person: {grant id, grant, credential}.
local sessions = {}
each(GRANT, function(id, grant, value)
  if grant.redeemed and grant.expiresAt > now then
    local credential = credentialOf(grant)
    if credential then
      sessions[#sessions + 1] = { id, value, credential }
    end
  end
end)
return sessions
