-- Ends one unexpired grant; with a client id, only a grant of that client.
local state = unexpired(args.grant)
if not state or (args.clientId and args.clientId ~= state.clientId) then
  return nil
end
local ended = remove(args.grant, state)
retireUnused()
return ended
