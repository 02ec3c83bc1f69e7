-- Removes a registration if its registration token is still the one expected.
if not standsUnder(args.ifTokenHash) then
  return 0
end
return redis.call('DEL', CLIENT)
