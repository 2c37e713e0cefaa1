"""Real counterparts for tests: a hostile HTTP server, a swarm, sample media, processes, a database cluster."""
