"""What is kept on disk, for how long, and what is there already: layout, retention, the janitor, duplicates."""
