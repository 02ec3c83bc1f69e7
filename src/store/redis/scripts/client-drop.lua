-- Drops a registration that made room for another, unless a login used it meanwhile.
if not redis.call('HGET', CLIENT, 'used') then
  redis.call('DEL', CLIENT)
end
