"""What is kept on disk, for how long, and whether it is still what was fetched."""
