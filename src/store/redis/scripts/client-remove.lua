-- Deletes a registration if its registration token is still the expected one.
if not hasToken(args.ifTokenHash) then
  return 0
end
return redis.call('DEL', CLIENT)
