-- Writes a versioned document by compare-and-set; version 0 means that there is none.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= args.ifVersion then
  return 0
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'value', args.value)
return 1
