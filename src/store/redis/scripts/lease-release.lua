-- Releases a lease, if the owner still holds it.
if redis.call('HGET', KEYS[1], 'owner') == args.owner then
  redis.call('DEL', KEYS[1])
end
