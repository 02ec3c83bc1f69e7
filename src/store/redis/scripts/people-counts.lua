-- Returns {people, sessions, pending revocations, seconds since the oldest of these is pending}.
local totals = redis.call('HMGET', TOTALS, 'sessions', 'revocations')
local oldest = redis.call('ZRANGE', WAITING, 0, 0, 'WITHSCORES')[2]
return {
  redis.call('ZCARD', NAMES),
  tonumber(totals[1] or 0),
  tonumber(totals[2] or 0),
  oldest and math.max(0, math.floor(now - oldest)) or 0,
}
