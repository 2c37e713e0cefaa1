"""Each operation of a scripted download fails once: statements, calls of aria2c, requests to Discord, files."""
