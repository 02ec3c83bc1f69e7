-- Sets a person's next visit args.delay seconds ahead.
visitAt(args.person, now + args.delay)
