-- Returns a credential and its tokens.
local tokens = redis.call('HGET', TOKENS, args.credential)
if not tokens then
  return nil
end
return { redis.call('HGET', CREDENTIALS, args.credential), tokens }
