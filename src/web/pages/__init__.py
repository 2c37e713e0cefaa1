"""The pages: each file has the routes of one subject."""
