"""What is known of the parts in a staging directory, kept so that a kill at any moment leaves it true.

`manifest.json` is written whole when a plan is made. What happens to single parts afterwards is appended to a journal,
so that a row of 2,000 parts does not write 2,000 times all it knows.
"""

import json
from pathlib import Path

from pydantic import BaseModel


class Manifest(BaseModel):
    """What is known of the parts, by position."""

    identities: dict[int, str] = {}
    begun: set[int] = set()  # had a control file: without one they are complete, for aria2 removes it at the end
    done: set[int] = set()
    url: str | None = None  # whose bytes these are
    assembled: dict[str, int] | None = None  # names and sizes of the finished files
    journal: int = 0  # the number of the journal that goes on from here

    def forget(self, position: int) -> None:
        """Nothing is known of a part any more."""
        self.identities.pop(position, None)
        self.drop(position)

    def drop(self, position: int) -> None:
        """The bytes of a part are gone; what they should be is still known."""
        self.done.discard(position)
        self.begun.discard(position)

    def apply(self, word: str, position: int) -> None:
        """What happened to a part."""
        match word:
            case "begun":
                self.begun.add(position)
            case "done":
                self.done.add(position)
            case "dropped":
                self.drop(position)
            case "replaced":
                self.forget(position)


class ManifestFile:
    """The manifest of a directory, on disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.known = _read(self._path)
        self._replay()

    def note(self, word: str, position: int) -> None:
        """Remember what happened to a part: "begun", "done", "dropped" or "replaced"."""
        self.known.apply(word, position)
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(f"{word} {position}\n")

    def save(self) -> None:
        """Write all that is known."""
        before = self._journal
        self.known.journal += 1
        self._journal.unlink(missing_ok=True)
        write_whole(self._path, self.known.model_dump_json())
        before.unlink(missing_ok=True)

    def _replay(self) -> None:
        try:
            lines = self._journal.read_text(encoding="utf-8").split("\n")[:-1]  # the last may be torn
        except (OSError, ValueError):
            return
        for line in lines:
            word, _, position = line.partition(" ")
            if position.isdecimal():
                self.known.apply(word, int(position))

    @property
    def _path(self) -> Path:
        return self._directory / "manifest.json"

    @property
    def _journal(self) -> Path:
        return self._directory / f"manifest.{self.known.journal}.journal"


def write_whole(target: Path, text: str) -> None:
    """Whole or not at all, whenever this process is killed."""
    draft = target.with_name(f"{target.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return Manifest()
