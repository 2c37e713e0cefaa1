"""The pages in docs/ that the program itself writes: settings, commands, failures. See `__main__`."""
