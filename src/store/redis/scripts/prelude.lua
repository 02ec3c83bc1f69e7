-- Begins every script: the clock and the arguments.
-- ARGV[1]: epoch seconds, or '' for this server's clock, which is the one clock of all replicas.
-- ARGV[2]: the named arguments as JSON.

local function clock()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  return tonumber(redis.call('TIME')[1])
end

local now = clock()
local args = cjson.decode(ARGV[2])

-- The native expiry only collects garbage: every script compares instants itself. The margin keeps it out of their way.
local function collectAfter(key, seconds)
  redis.call('EXPIRE', key, math.ceil(seconds) + 60)
end
