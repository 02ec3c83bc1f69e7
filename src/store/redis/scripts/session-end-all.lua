-- Ends all unexpired grants of a person, or those of one client.
return endWhere(function(grant)
  return grant.expiresAt > now and (not args.clientId or args.clientId == grant.clientId)
end)
