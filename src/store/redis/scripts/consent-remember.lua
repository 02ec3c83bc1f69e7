-- Remembers a consent, and deletes those that expired.
local consents = KEYS[1]
local latest = now + args.ttl
local flat = redis.call('HGETALL', consents)
for i = 1, #flat, 2 do
  local expiresAt = tonumber(flat[i + 1])
  if expiresAt <= now then
    redis.call('HDEL', consents, flat[i])
  else
    latest = math.max(latest, expiresAt)
  end
end
redis.call('HSET', consents, args.consentKey, now + args.ttl)
expireAfter(consents, latest - now)
