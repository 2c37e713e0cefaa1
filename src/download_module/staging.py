"""Directories of work in progress, one for each claim: `<DOWNLOAD_DIR>/.staging/<id>-<epoch>/`.

Names on disk are ours (`0.part`), never a server's. A later claim adopts what an earlier one left, by renaming, when
nobody can still be writing there; `manifest.json` says which bytes may be continued and which are complete.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel

from download_module.plan import Part

_NAME = re.compile(r"(\d+)-(\d+)")


class Manifest(BaseModel):
    """What is known of the parts in a directory, by position."""

    identities: dict[int, str] = {}
    begun: set[int] = set()  # had a control file: without one they are complete, for aria2 removes it at the end
    done: set[int] = set()
    url: str | None = None  # whose bytes these are
    assembled: dict[str, int] | None = None  # names and sizes of the finished files


class StagingArea:
    """All staging directories, and the directories that finished files are moved to."""

    def __init__(self, download_dir: Path, *, owner: str, is_dead: Callable[[str], bool]) -> None:
        """Make it.

        Args:
            download_dir: settings' DOWNLOAD_DIR.
            owner: the name of this runner.
            is_dead: whether a runner and all its children are certainly gone.
        """
        self._root = download_dir.resolve() / ".staging"
        self._finished = download_dir.resolve()
        self._owner = owner
        self._is_dead = is_dead
        self._root.mkdir(parents=True, exist_ok=True)

    def open(self, download_id: int, epoch: int) -> "Staging":
        """The directory of a claim, with what earlier claims left when that is safe to take."""
        path = self._root / f"{download_id}-{epoch}"
        earlier = sorted(self._of(download_id), key=_epoch)
        usable = [found for found in earlier if _epoch(found) < epoch and self._is_free(found)]
        if usable and not path.exists():
            usable.pop().rename(path)
        for found in usable:
            shutil.rmtree(found, ignore_errors=True)
        path.mkdir(exist_ok=True)
        _write(path / "owner", self._owner)
        return Staging(path, self.finished(download_id))

    def directories_of(self, download_id: int) -> list[Path]:
        """What earlier claims of a download left."""
        return self._of(download_id)

    def clear(self, download_id: int) -> None:
        """Remove the staging directories of a download, except those that a living runner works in."""
        for path in self._of(download_id):
            if self._is_free(path):
                shutil.rmtree(path, ignore_errors=True)

    def finished(self, download_id: int) -> Path:
        """Where the finished files of a download go."""
        return self._finished / str(download_id)

    def discard(self, download_id: int) -> None:
        """Remove all that a download left, except what a living runner works on."""
        self.clear(download_id)
        shutil.rmtree(self.finished(download_id), ignore_errors=True)

    def ids(self) -> set[int]:
        """The downloads that have a staging directory."""
        return {int(found[1]) for path in self._root.iterdir() if (found := _NAME.fullmatch(path.name))}

    def _of(self, download_id: int) -> list[Path]:
        return [path for path in self._root.glob(f"{download_id}-*") if _NAME.fullmatch(path.name)]

    def _is_free(self, path: Path) -> bool:
        try:
            owner = (path / "owner").read_text(encoding="utf-8")
        except FileNotFoundError:
            return True
        return owner == self._owner or self._is_dead(owner)


class Staging:
    """The directory of one claim."""

    def __init__(self, path: Path, finished: Path) -> None:
        self.path = path
        self._finished = finished
        self._manifest = _read_manifest(path / "manifest.json")

    def belong_to(self, url: str) -> None:
        """Drop everything that was fetched for another URL: somebody edited the row."""
        if self._manifest.url not in (None, url):
            shutil.rmtree(self.path / "out", ignore_errors=True)
            for position in {*self._manifest.identities, *self._manifest.done, *self._manifest.begun}:
                self._forget(position)
            self._manifest.assembled = None
            self._save()
        self._manifest.url = url  # saved with the first part

    def prepare(self, parts: Sequence[Part]) -> None:
        """Keep the bytes of parts that are provably the same as before; remove all others."""
        for position, part in enumerate(parts):
            same = part.identity is not None and self._manifest.identities.get(position) == part.identity
            if same and self._ended_unseen(position, part.size):
                self._manifest.done.add(position)
            usable = position in self._manifest.done or self._can_continue(position)
            if not (same and usable):
                self._forget(position)
        for position in set(self._manifest.identities) | self._manifest.done:
            if position >= len(parts):
                self._forget(position)
        self._manifest.identities = {i: part.identity for i, part in enumerate(parts) if part.identity is not None}
        self._save()

    def part(self, position: int) -> Path:
        """Where a part is fetched to; a directory for a torrent."""
        return self.path / f"{position}.part"

    def is_done(self, position: int) -> bool:
        """Whether a part was completely fetched by this or an earlier claim."""
        return position in self._manifest.done and self.part(position).exists()

    def mark_begun(self, position: int) -> None:
        """Remember that aria2 keeps a control file for a part, once it does."""
        if position not in self._manifest.begun and self._control(position).exists():
            self._manifest.begun.add(position)
            self._save()

    def mark_done(self, position: int) -> None:
        """Remember that a part is complete."""
        self._manifest.done.add(position)
        self._save()

    def restart(self, position: int) -> None:
        """Drop the bytes of a part unless its control file proves what they are."""
        if not self._can_continue(position):
            self._remove(position)

    def drop(self, position: int) -> None:
        """Drop the bytes of a part: they proved wrong."""
        self._forget(position)
        self._save()

    @property
    def assembling(self) -> Path:
        """An empty directory for finished files."""
        path = self.path / "out"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def finish(self, files: Sequence[Path]) -> list[Path]:
        """Move finished files out of staging in one rename; their new paths."""
        directory = files[0].parent
        self._manifest.assembled = {file.name: file.stat().st_size for file in files}
        self._save()
        shutil.rmtree(self._finished, ignore_errors=True)
        directory.rename(self._finished)
        return [self._finished / file.name for file in files]

    def finished_before(self) -> list[Path]:
        """The files that an earlier claim finished but did not live to report."""
        assembled = self._manifest.assembled or {}
        paths = [self._finished / name for name in assembled]
        sizes = [path.stat().st_size if path.is_file() else -1 for path in paths]
        return paths if paths and sizes == list(assembled.values()) else []

    def release(self) -> None:
        """Let any other runner adopt this directory: nothing of ours writes here any more."""
        (self.path / "owner").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something is worth keeping
            self.path.rmdir()

    def remove(self) -> None:
        """Remove the directory: its download is finished."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _can_continue(self, position: int) -> bool:
        """Whether aria2's control file is there and sound.

        Without it aria2 would call a preallocated file complete; a full disk leaves an empty one that fails for ever.
        """
        path, control = self.part(position), self._control(position)
        if path.is_dir():  # a torrent: its pieces have checksums, aria2 checks them itself
            return True
        return path.exists() and control.exists() and control.stat().st_size > 0

    def _ended_unseen(self, position: int, size: int | None) -> bool:
        """Whether aria2 completed a part after the runner that would have noted it was killed."""
        path = self.part(position)
        whole = size is not None and path.is_file() and path.stat().st_size == size
        return whole and position in self._manifest.begun and not self._control(position).exists()

    def _control(self, position: int) -> Path:
        return self.path / f"{position}.part.aria2"

    def _forget(self, position: int) -> None:
        self._manifest.identities.pop(position, None)
        self._manifest.done.discard(position)
        self._manifest.begun.discard(position)
        self._remove(position)

    def _remove(self, position: int) -> None:
        path = self.part(position)
        shutil.rmtree(path, ignore_errors=True)
        for leftover in (path, path.with_name(path.name + ".aria2"), path.with_name(path.name + ".aria2__temp")):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                leftover.unlink()

    def _save(self) -> None:
        _write(self.path / "manifest.json", self._manifest.model_dump_json())


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return Manifest()


def _write(target: Path, text: str) -> None:
    """Whole or not at all, whenever this process is killed."""
    draft = target.with_name(f"{target.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)


def _epoch(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    assert found, "listed by this name"
    return int(found[2])
