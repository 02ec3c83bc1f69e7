-- The index of people, in a slot of its own. The sweeper and the admin command's list read it. It may lag behind the
-- records of the people, so no operation that must happen only once depends on it.

local VISITS = KEYS[1] -- sorted set: person -> instant of the next visit
local NAMES = KEYS[2] -- sorted set: person -> 0, so that people can be paged in byte order
local ANNOUNCED = KEYS[3] -- sorted set: person -> instant of the latest announcement, for ANNOUNCED_FOR seconds
local TALLIES = KEYS[4] -- hash: person -> sessions and pending revocations that the last sweep left, as "2 0"
local TOTALS = KEYS[5] -- hash: sessions, revocations -> their sums over TALLIES
local WAITING = KEYS[6] -- sorted set: person -> instant since which sweeps find pending revocations

-- A login announces the person here, and writes its record to another slot. For this many seconds after an announcement
-- the person is not removed, so that a sweep between the two writes cannot lose the person.
local ANNOUNCED_FOR = 60

local function visitAt(person, instant)
  redis.call('ZADD', VISITS, instant, person)
  redis.call('ZADD', NAMES, 0, person)
end
