-- The first part of every script: the clock and the arguments.
-- ARGV[1]: epoch seconds, or '' to use this server's clock, so that all replicas use the same one.
-- ARGV[2]: the named arguments as JSON.

local function clock()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  return tonumber(redis.call('TIME')[1])
end

local now = clock()
local args = cjson.decode(ARGV[2])

-- Lets Redis delete a key a minute after its record expires. This only frees memory: every script compares instants
-- itself.
local function expireAfter(key, seconds)
  redis.call('EXPIRE', key, math.ceil(seconds) + 60)
end
