-- The first part of every script: the clock, the deadline and the arguments.
-- ARGV[1]: epoch seconds, or '' to use this server's clock, so that all replicas use the same one.
-- ARGV[2]: the deadline, in epoch milliseconds of this server's clock. A server that was frozen finds commands of callers that
-- wait no longer, and who then try again: those change nothing.
-- ARGV[3]: the named arguments as JSON.

local time = redis.call('TIME')
local milliseconds = time[1] * 1000 + math.floor(time[2] / 1000)
if milliseconds > tonumber(ARGV[2]) then
  return redis.error_reply(string.format('LATE %.0f', milliseconds))
end

local now = tonumber(ARGV[1] ~= '' and ARGV[1] or time[1])
local args = cjson.decode(ARGV[3])

-- Lets Redis delete a key a minute after its record expires. This only frees memory: every script compares instants
-- itself.
local function expireAfter(key, seconds)
  redis.call('EXPIRE', key, math.ceil(seconds) + 60)
end
