-- Deletes a registration that was the oldest unused one at the limit, unless a login has used it in the meantime.
if not redis.call('HGET', CLIENT, 'used') then
  redis.call('DEL', CLIENT)
end
