-- The index of people, in one slot of its own. It lags behind the people's records, and is what the sweeper
-- and the admin's list go by; nothing that is used once depends on it.

local VISITS = KEYS[1] -- sorted set, person -> instant of the next visit
local NAMES = KEYS[2] -- sorted set with equal scores, so that people can be paged in byte order
local ARRIVALS = KEYS[3] -- hash, person -> instant of the latest arrival

-- A login announces the person before its record lands in another slot. Until this many seconds have passed the entry
-- stays, so that a sweep between the two cannot lose the person.
local LANDING = 60

local function visitAt(person, instant)
  redis.call('ZADD', VISITS, instant, person)
  redis.call('ZADD', NAMES, 0, person)
end
