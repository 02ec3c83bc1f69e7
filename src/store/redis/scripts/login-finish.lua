-- Deletes an approved login, to which the browser came back from GitHub, and returns it with its approval.
local login = KEYS[1]
local kept = redis.call('HMGET', login, 'login', 'approval', 'stateHash', 'browserHash', 'expiresAt')
if not kept[2] or tonumber(kept[5]) <= now or kept[3] ~= args.stateHash then
  return { 'unknown' }
end
if kept[4] ~= args.browserHash then
  return { 'other_browser' }
end
redis.call('DEL', login)
return { 'finished', kept[1], kept[2] }
