-- Returns a session, and notes when it was used (to the minute).
local state = redeemed(args.grant)
if not state then
  return nil
end
local changed = forgetSuccessor(state)
if now - state.lastUsedAt >= 60 then
  state.lastUsedAt = now
  changed = true
end
if changed then
  save(STATES, args.grant, state)
end
return session(args.grant, state)
