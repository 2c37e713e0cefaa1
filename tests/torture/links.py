"""What members ask for: a link of each shape, and what has to arrive when it is delivered."""

import hashlib
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = "could not be fetched"  # how a card says that some files of a gallery are missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL and what its delivery must be.

    Exactly these files (`versions`: any one of several lists, for what changes at its source), or `made` many files
    that ffmpeg made, or nothing at all (`fails`).
    """

    shape: str
    url: str
    versions: tuple[tuple[str, ...], ...] = ()  # SHA-256 of each file
    made: int = 0
    fails: bool = False
    partial: bool = False  # single files may be given up, as long as the row says so

    @property
    def count(self) -> int:
        """How many files a whole delivery has."""
        return self.made or max((len(version) for version in self.versions), default=0)

    def fault_of(self, files: Sequence[bytes], *, limit: int, whole: bool, said: str) -> str | None:
        """What is wrong with the files that arrived, if anything is.

        Args:
            files: of all messages of one download.
            limit: bytes that a file may have.
            whole: whether all of them have to be there.
            said: what the row says of itself.
        """
        if self.fails and files:
            return "something was delivered of what can't be had"
        if large := [len(file) for file in files if len(file) > limit]:
            return f"files of {large} bytes where {limit} are allowed"
        if len(files) > self.count:
            return f"{len(files)} files were delivered, {self.count} are all that there are"
        sums = Counter(map(digest, files))
        if self.versions and not any(sums <= Counter(version) for version in self.versions):
            return f"bytes that the site never gave, or one file twice: {dict(sums)}"
        excused = self.partial and LEFT_OUT in said
        if whole and not self.fails and len(files) < (1 if excused else self.count):
            return f"{len(files)} files were delivered, not {self.count}"
        if self.made and (broken := [fault for file in files if (fault := undecodable(file))]):
            return f"files that can't be played: {broken}"
        return None


def digest(data: bytes) -> str:
    """The SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def undecodable(data: bytes) -> str | None:
    """What ffmpeg says against a file; None when it plays to its end."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        argv = ("ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", file.name, "-f", "null", "-")
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr[:300] or f"exit status {done.returncode}" if done.returncode or done.stderr else None
