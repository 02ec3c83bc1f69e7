-- The index of people, in a slot of its own. The sweeper and the admin command's list read it. It may lag behind the
-- records of the people, so no operation that must happen only once depends on it.

local VISITS = KEYS[1] -- sorted set: person -> instant of the next visit
local NAMES = KEYS[2] -- sorted set: person -> 0, so that people can be paged in byte order
local ANNOUNCED = KEYS[3] -- sorted set: person -> instant of the latest announcement, for ANNOUNCED_FOR seconds
local TALLIES = KEYS[4] -- hash: person -> the entry of the person: see below
local TOTALS = KEYS[5] -- hash: sessions, revocations -> their sums over TALLIES
local WAITING = KEYS[6] -- sorted set: person -> instant since which sweeps find pending revocations
local LOGINS = KEYS[7] -- sorted set: login and person -> 0, so that people can be paged by login

-- An entry is a JSON list: the sessions and the pending revocations that the last sweep left; then, if there are sessions,
-- the GitHub id, the login, the instants when the oldest session began and when one was used last, and for each client its
-- id, its name, the server that gets its calls, and how many sessions it has. person-records.ts knows the same order.

-- A login announces the person here, and writes its record to another slot. For this many seconds after an announcement
-- the person is not removed, so that a sweep between the two writes cannot lose the person.
local ANNOUNCED_FOR = 60

local function readEntry(person)
  local value = redis.call('HGET', TALLIES, person)
  -- Before the directory there were only the two numbers, as "2 0".
  local sessions, revocations = string.match(value or '0 0', '^(%d+) (%d+)$')
  return sessions and { tonumber(sessions), tonumber(revocations) } or cjson.decode(value), value
end

-- Writes an entry (nil: deletes it), and the person's place among the logins.
local function writeEntry(person, known, value, login)
  local before = known[4] and known[4] .. ' ' .. person
  local after = login and login .. ' ' .. person
  if before and before ~= after then
    redis.call('ZREM', LOGINS, before)
  end
  if after and before ~= after then
    redis.call('ZADD', LOGINS, 0, after)
  end
  if value then
    redis.call('HSET', TALLIES, person, value)
  else
    redis.call('HDEL', TALLIES, person)
  end
end

local function visitAt(person, instant)
  redis.call('ZADD', VISITS, instant, person)
  redis.call('ZADD', NAMES, 0, person)
end
