-- Returns a credential.
return redis.call('HGET', PERSON, CREDENTIAL .. args.credential)
