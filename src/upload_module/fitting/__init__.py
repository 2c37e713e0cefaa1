"""Making files fit: what a file is, what can be done with it, and doing it."""
