-- Moves a person's visit.
visitAt(args.person, now + args.delay)
