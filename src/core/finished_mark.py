"""The mark in a directory of finished files that tells whose they are: `.boss-bot`.

Ids begin anew with every database. Files that somebody kept from an earlier one, over the same DOWNLOAD_DIR, are known
by their mark, or by having none, and are not removed.
"""

import hashlib
from pathlib import Path

NAME = ".boss-bot"


def mark(directory: Path, url: str | None) -> None:
    """Say that the files in a directory came from a URL."""
    (directory / NAME).write_text(_mark_of(url), encoding="utf-8")


def is_of(directory: Path, url: str | None) -> bool:
    """Whether the files in a directory came from that URL; also when there are none."""
    try:
        if not directory.is_dir() or not any(directory.iterdir()):
            return True
        return (directory / NAME).read_text(encoding="utf-8") == _mark_of(url)
    except (OSError, ValueError):
        return False


def is_marked(directory: Path) -> bool:
    """Whether the files in a directory are of some download."""
    try:
        return (directory / NAME).is_file()
    except OSError:
        return False


def put_aside(directory: Path) -> None:
    """Give a directory a name that nobody uses: `<name>.kept-1`."""
    number = 1
    while (aside := directory.with_name(f"{directory.name}.kept-{number}")).exists():
        number += 1
    directory.rename(aside)


def _mark_of(url: str | None) -> str:
    """A sum, because a link may hold a secret, and the directory may be copied elsewhere."""
    return hashlib.sha256((url or "").encode()).hexdigest()
