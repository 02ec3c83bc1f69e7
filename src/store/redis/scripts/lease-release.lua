-- Gives a lease back.
if redis.call('HGET', KEYS[1], 'owner') == args.owner then
  redis.call('DEL', KEYS[1])
end
