"""`make demo`: Boss-Bot at work on a site of this machine, and the picture of it in the README."""
