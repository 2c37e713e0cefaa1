"""How the libraries that read sites are brought up to date, and how that is undone."""
