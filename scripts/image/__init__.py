"""Tries the Dockerfile on a machine without a container engine; see `__main__`."""
