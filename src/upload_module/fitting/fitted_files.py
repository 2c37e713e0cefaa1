"""What was made of files, on disk: whole or not there, below the directory of their download.

`.fitted/<file id>/` in the directory of the download holds the files, and a manifest that says of what they were made
and for which limit. They are made in a directory beside it and appear in one rename, so that a crash costs nothing that
was finished. All goes with the directory of the download.

What took hours is synced to disk, so that not even a power cut costs it. What is only copied is made again sooner than
it is synced: it is believed until the machine starts anew, for its bytes may have been in memory alone.
"""

import functools
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.layout import Layout
from core.models import MediaFile
from upload_module.fitting.fit import Step, Way

DIRECTORY = ".fitted"
MANIFEST = "manifest.json"
COPIED = (Step.REMUX, Step.STRIP)


class FittedFiles:
    """The fitted files of all downloads."""

    def __init__(self, download_dir: Path) -> None:
        self._layout = Layout(download_dir)

    def of(self, file: MediaFile, limit: int) -> tuple[Way, tuple[Path, ...]] | None:
        """What was made of a file before, and how; None if there is nothing, or it is not for this limit.

        What was made for a lower limit is worse than need be; what was made for a higher one may happen to fit.
        """
        directory = self._directory(file)
        try:
            known = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            if known["source"] != _identity(file) or known["limit"] < limit or known["start"] not in (None, _start()):
                return None
            paths = tuple(directory / str(name) for name in known["files"])
            sizes = [path.stat().st_size for path in paths]
            way = Way(**known["way"] | {"step": Step(known["way"]["step"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not sizes or sizes != list(known["files"].values()) or max(sizes) > limit:
            return None
        return way, paths

    def workshop(self, file: MediaFile, epoch: int) -> Path:
        """An empty directory to make files in; what earlier claims left unfinished is removed."""
        directory = self._directory(file)
        for left in directory.parent.glob(f"{file.id}-*"):
            shutil.rmtree(left, ignore_errors=True)
        workshop = directory.with_name(f"{file.id}-{epoch}")
        workshop.mkdir(parents=True)
        return workshop

    def keep(self, file: MediaFile, way: Way, limit: int, workshop: Path, made: Sequence[Path]) -> tuple[Path, ...]:
        """Take finished files over from their workshop; where they are now."""
        names = _names(file, made)
        start = _start() if way.step in COPIED else None
        for path, name in zip(made, names, strict=True):
            kept = path.rename(workshop / name)
            if start is None:
                _sync(kept)
        for path in workshop.iterdir():  # what the tools left beside them
            if path.name not in names:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        sizes = {name: (workshop / name).stat().st_size for name in names}
        source = _identity(file)
        known = {"source": source, "limit": limit, "way": asdict(way), "files": sizes, "start": start}
        manifest = workshop / MANIFEST
        manifest.write_text(json.dumps(known), encoding="utf-8")
        if start is None:
            _sync(manifest)
        directory = self._directory(file)
        shutil.rmtree(directory, ignore_errors=True)
        workshop.rename(directory)
        return tuple(directory / name for name in names)

    def _directory(self, file: MediaFile) -> Path:
        beside = Path(file.path).parent
        home = beside if self._layout.is_home(beside) else self._layout.root / str(file.download_id)
        return home / DIRECTORY / str(file.id)


def _identity(file: MediaFile) -> dict[str, Any]:
    """What tells a source from another one that has its id by chance, or was changed since."""
    found = Path(file.path).stat()
    return {"path": file.path, "bytes": found.st_size, "modified": found.st_mtime_ns, "sha256": file.sha256}


@functools.cache
def _start() -> str | None:
    """Of this machine, the last one; None where nobody says."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _names(file: MediaFile, made: Sequence[Path]) -> list[str]:
    """The name of the source, with the ending of what was made of it, and numbers for parts."""
    stem = Path(file.path).stem
    if len(made) == 1:
        return [stem + made[0].suffix]
    return [f"{stem} (part {number} of {len(made)}){path.suffix}" for number, path in enumerate(made, 1)]
