"""What is removed soon: a cancelled download's files are gone from their place at once, however many they are."""

import contextlib
import shutil
from pathlib import Path
from uuid import uuid4


class Trash:
    """A directory on the file system of what is thrown into it; what a dead runner left in it is removed as well."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, directory: Path) -> None:
        """Take a directory away from its place; the bytes are freed by `empty`."""
        if not directory.exists():
            return
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            directory.rename(self._path / uuid4().hex)
        except OSError:  # mounted from elsewhere, not ours to move, or a fault of the disk
            shutil.rmtree(directory, ignore_errors=True)

    def empty(self) -> None:
        """Remove all that is in it; several runners may do so at once."""
        with contextlib.suppress(FileNotFoundError):
            for directory in self._path.iterdir():
                shutil.rmtree(directory, ignore_errors=True)
