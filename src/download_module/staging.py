"""Directories of work in progress, one for each claim: `<DOWNLOAD_DIR>/.staging/<id>-<epoch>/`.

Names on disk are ours (`0.part`), never a server's. A later claim adopts what an earlier one left, by renaming, when
nobody can still be writing there; `manifest.json` says which bytes may be continued and which are complete.
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from core.finished_mark import is_of, mark, put_aside
from core.layout import STAGING, Layout
from core.trash import Trash
from download_module.control_files import is_sound
from download_module.plan import Part
from download_module.staging_manifest import ManifestFile, write_whole

_NAME = re.compile(r"(\d+)-(\d+)")


class StagingArea:
    """All staging directories, and the directories that finished files are moved to."""

    def __init__(self, download_dir: Path, *, owner: str, is_dead: Callable[[str], bool]) -> None:
        """Make it.

        Args:
            download_dir: settings' DOWNLOAD_DIR.
            owner: the name of this runner.
            is_dead: whether a runner and all its children are certainly gone.
        """
        self._root = download_dir.resolve() / STAGING
        self.layout = Layout(download_dir)
        self._finished = self.layout.root
        self._owner = owner
        self._is_dead = is_dead
        self._root.mkdir(parents=True, exist_ok=True)
        self.trash = Trash(self._root / "trash")

    def open(self, download_id: int, epoch: int, shelf: str = "") -> "Staging":
        """The directory of a claim, with what earlier claims left when that is safe to take.

        Args:
            download_id: of the claimed row.
            epoch: of the claim.
            shelf: where below DOWNLOAD_DIR its finished files go; see `core/layout.py`.
        """
        path = self._root / f"{download_id}-{epoch}"
        earlier = sorted(self._of(download_id), key=_epoch)
        usable = [found for found in earlier if _epoch(found) < epoch and self._is_free(found)]
        if usable and not path.exists():
            usable.pop().rename(path)
        for found in usable:
            shutil.rmtree(found, ignore_errors=True)
        path.mkdir(exist_ok=True)
        write_whole(path / "owner", self._owner)
        return Staging(path, self.finished(download_id, shelf))

    def directories_of(self, download_id: int) -> list[Path]:
        """What earlier claims of a download left."""
        return self._of(download_id)

    def clear(self, download_id: int) -> None:
        """Remove the staging directories of a download, except those that a living runner works in."""
        for path in self._of(download_id):
            if self._is_free(path):
                shutil.rmtree(path, ignore_errors=True)

    def finished(self, download_id: int, shelf: str = "") -> Path:
        """Where the finished files of a download go."""
        return self._finished / shelf / str(download_id)

    def discard(self, download_id: int, url: str | None = None, homes: Sequence[Path] = ()) -> None:
        """Throw away all that a download left, except what a living runner works on; `trash` frees the bytes.

        Args:
            download_id: which.
            url: its URL; finished files of another URL stay: an earlier database counted its downloads like this one.
            homes: the directories of its finished files.
        """
        for path in self._of(download_id):
            if self._is_free(path):
                self.trash.put(path)
        for home in homes or (self.finished(download_id),):
            if url is None or is_of(home, url):
                self.trash.put(home)

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
        self._file = ManifestFile(path)
        self._manifest = self._file.known
        self._sizes: dict[int, int | None] = {}

    def belong_to(self, url: str) -> None:
        """Drop everything that was fetched for another URL: somebody edited the row."""
        if self._manifest.url not in (None, url):
            shutil.rmtree(self.path / "out", ignore_errors=True)
            for position in {*self._manifest.identities, *self._manifest.done, *self._manifest.begun}:
                self._forget(position)
            self._manifest.assembled = None
            self._file.save()
        self._manifest.url = url  # saved with the first part

    def prepare(self, parts: Sequence[Part]) -> None:
        """Keep the bytes of parts that are provably the same as before; remove all others; write what is known."""
        for position, part in enumerate(parts):
            same = part.identity is not None and self._manifest.identities.get(position) == part.identity
            if same and self._ended_unseen(position, part.size):
                self._manifest.done.add(position)
            usable = position in self._manifest.done or self._can_continue(position, part.size)
            if not (same and usable):
                self._forget(position)
            if part.content is not None:
                self.part(position).write_bytes(part.content)
                self._manifest.done.add(position)
        for position in set(self._manifest.identities) | self._manifest.done:
            if position >= len(parts):
                self._forget(position)
        self._manifest.identities = {i: part.identity for i, part in enumerate(parts) if part.identity is not None}
        self._sizes = {position: part.size for position, part in enumerate(parts)}
        self._file.save()

    def part(self, position: int) -> Path:
        """Where a part is fetched to; a directory for a torrent."""
        return self.path / f"{position}.part"

    @property
    def here(self) -> int:
        """Bytes that earlier claims left, and the room that they had reserved."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def is_done(self, position: int) -> bool:
        """Whether a part was completely fetched by this or an earlier claim."""
        return position in self._manifest.done and self.part(position).exists()

    def mark_begun(self, position: int) -> None:
        """Remember that aria2 keeps a control file for a part, once it does."""
        if position not in self._manifest.begun and self._control(position).exists():
            self._file.note("begun", position)

    def mark_done(self, position: int) -> None:
        """Remember that a part is complete."""
        self._file.note("done", position)

    def restart(self, position: int) -> None:
        """Drop the bytes of a part unless its control file proves what they are."""
        if not self._can_continue(position, self._sizes.get(position)):
            self._remove(position)

    def drop(self, position: int) -> None:
        """Drop the bytes of a part: they proved wrong."""
        self._file.note("dropped", position)
        self._remove(position)

    def replace(self, position: int) -> None:
        """Drop the bytes of a part, and what they should have been: other ones come in their place."""
        self._file.note("replaced", position)
        self._remove(position)

    @property
    def assembling(self) -> Path:
        """An empty directory for finished files."""
        path = self.path / "out"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def finish(self, files: Sequence[Path]) -> list[Path]:
        """Move finished files out of staging in one rename; their new paths.

        What lies there already is removed when it came from the same URL, else it is put aside (`<id>.kept-1`).
        """
        directory = files[0].parent
        mark(directory, self._manifest.url)
        self._manifest.assembled = {file.name: file.stat().st_size for file in files}
        self._file.save()
        if is_of(self._finished, self._manifest.url):
            shutil.rmtree(self._finished, ignore_errors=True)
        else:
            put_aside(self._finished)
        _move(directory, self._finished)
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

    def _can_continue(self, position: int, size: int | None) -> bool:
        """Whether aria2's control file is there and sound.

        Without it aria2 would call a preallocated file complete; a full disk leaves an empty one that fails for ever.
        """
        path = self.part(position)
        if path.is_dir():  # a torrent: its pieces have checksums, aria2 checks them itself
            return True
        proofs = path.with_name(path.name + ".http")  # of what a child fetched that impersonates a browser
        return (path.exists() and proofs.exists()) or is_sound(self._control(position), path, size)

    def _ended_unseen(self, position: int, size: int | None) -> bool:
        """Whether aria2 completed a part after the runner that would have noted it was killed."""
        path = self.part(position)
        whole = size is not None and path.is_file() and path.stat().st_size == size
        return whole and position in self._manifest.begun and not self._control(position).exists()

    def _control(self, position: int) -> Path:
        return self.path / f"{position}.part.aria2"

    def _forget(self, position: int) -> None:
        self._manifest.forget(position)
        self._remove(position)

    def _remove(self, position: int) -> None:
        """Mostly there is nothing, and a row may have thousands of parts: so nothing is looked at before."""
        for ending in ("", ".aria2", ".aria2__temp", ".http"):
            path = self.path / f"{position}.part{ending}"
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            except (IsADirectoryError, PermissionError):  # a torrent; the second is what macOS says
                shutil.rmtree(path, ignore_errors=True)


def _move(directory: Path, place: Path) -> None:
    """Rename a directory to a place whose parents a janitor may remove at any moment, because they are empty."""
    for _ in range(10):
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            directory.rename(place)
            return
    directory.rename(place)


def _epoch(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    assert found, "listed by this name"
    return int(found[2])
