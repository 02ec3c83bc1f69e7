-- Adds entries to a story: a list whose first element is the instant at which the story expires.
local story = KEYS[1]
local expiresAt = tonumber(redis.call('LINDEX', story, 0) or 0)
if expiresAt <= now then
  redis.call('DEL', story)
  if not args.ttl then
    return nil
  end
  redis.call('RPUSH', story, string.format('%.0f', now + args.ttl))
  expireAfter(story, args.ttl)
elseif args.ttl and now + args.ttl > expiresAt then
  redis.call('LSET', story, 0, string.format('%.0f', now + args.ttl))
  expireAfter(story, args.ttl)
end
for _, entry in ipairs(args.entries) do
  redis.call('RPUSH', story, entry)
end

-- Entries in the middle give way: the beginning says who, the end says how it is now.
local excess = redis.call('LLEN', story) - 1 - args.limit
if excess > 0 then
  local first = 1 + math.floor(args.limit / 2)
  for index = first, first + excess - 1 do
    redis.call('LSET', story, index, '')
  end
  redis.call('LREM', story, excess, '')
end
return nil
