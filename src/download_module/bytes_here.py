"""How many bytes of a transfer lie on disk already, so that nobody counts them twice."""

from collections.abc import Sequence
from pathlib import Path

from download_module.control_files import bytes_of


def bytes_here(target: Path) -> int:
    """Bytes that are continued: of a file, or of a torrent's directory; room that is only reserved does not count."""
    if target.is_dir():
        return _of_torrent(target)
    control = target.with_name(f"{target.name}.aria2")
    return bytes_of(control) if control.exists() else _sizes((target,))


def _of_torrent(directory: Path) -> int:
    controls = [path for path in directory.glob("*.aria2") if path.is_file()]
    if controls:
        return sum(bytes_of(path) for path in controls)
    return _sizes([path for path in directory.rglob("*") if path.is_file()])


def _sizes(paths: Sequence[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:  # it is not there
            continue
    return total
