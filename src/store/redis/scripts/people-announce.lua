-- Called before a record of the person is written: makes sure of a visit within args.delay seconds. A login also puts the
-- person into the directory at once; the next sweep corrects the entry.
redis.call('ZREMRANGEBYSCORE', ANNOUNCED, '-inf', now - ANNOUNCED_FOR)
redis.call('ZADD', ANNOUNCED, now, args.person)
expireAfter(ANNOUNCED, ANNOUNCED_FOR)
local visit = tonumber(redis.call('ZSCORE', VISITS, args.person) or now + args.delay)
visitAt(args.person, math.min(visit, now + args.delay))

if args.login then
  local entry = readEntry(args.person)
  local known = { [4] = entry[4] }
  entry[3], entry[4], entry[5], entry[6] = args.githubId, args.login, entry[5] or now, now
  local at = 7
  while entry[at] and (entry[at] ~= args.clientId or entry[at + 2] ~= args.server) do
    at = at + 4
  end
  entry[at], entry[at + 1], entry[at + 2] = args.clientId, args.clientName, args.server
  entry[at + 3] = (entry[at + 3] or 0) + 1
  writeEntry(args.person, known, cjson.encode(entry), args.login)
end
