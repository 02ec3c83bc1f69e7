-- Ends all unexpired grants of a person, or those of one client.
return endWhere(function(state)
  return state.expiresAt > now and (not args.clientId or args.clientId == state.clientId)
end)
