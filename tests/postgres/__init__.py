"""A real PostgreSQL for tests: `fixtures` has the fixture, `programs` says where its programs are."""
