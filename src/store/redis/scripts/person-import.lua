-- Replaces all fields of a person's records, pending revocations and consents. args.hashes has a flat list for each key;
-- args.consentsUntil is when the last consent expires.
redis.call('DEL', unpack(KEYS))
for index, key in ipairs(KEYS) do
  local flat = args.hashes[index]
  for at = 1, #flat, 2 do
    redis.call('HSET', key, flat[at], flat[at + 1])
  end
end
if args.consentsUntil then
  expireAfter(KEYS[3], math.max(0, args.consentsUntil - now))
end
