-- Ends one unexpired grant; with a client id, only a grant of that client.
local grant = unexpired(args.grant)
if not grant or (args.clientId and args.clientId ~= grant.clientId) then
  return nil
end
local ended = remove(args.grant, grant)
retireUnused()
return ended
