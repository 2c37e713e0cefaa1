"""Where the files of a download lie below DOWNLOAD_DIR: `<guild or private>/<day it was asked>/<id>/`.

Older versions put them into `<id>/`, where they stay and are found. Work in progress is in `.staging`.
"""

import re
from pathlib import Path, PurePath
from typing import Protocol

STAGING = ".staging"
PRIVATE = "private"  # what no guild asked for: direct messages and the command line
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_GUILD = re.compile(rf"\d+|{PRIVATE}")


class Shelved(Protocol):
    """What of a row says where its files lie."""

    @property
    def id(self) -> int: ...

    @property
    def guild_id(self) -> int | None: ...

    @property
    def added_at(self) -> str: ...

    @property
    def file_path(self) -> str | None: ...


def shelf_of(download: Shelved) -> str:
    """The directory below DOWNLOAD_DIR in which that of a download is: `81384788765712384/2026-09-30`."""
    guild = PRIVATE if download.guild_id is None else str(int(download.guild_id))
    return f"{guild}/{download.added_at[:10]}"


class Layout:
    """The directories of finished files."""

    def __init__(self, download_dir: Path) -> None:
        self.root = download_dir.resolve()

    def home(self, download: Shelved) -> Path:
        """Where the files of a download go."""
        return self.root / shelf_of(download) / str(int(download.id))

    def homes(self, download: Shelved) -> list[Path]:
        """The directories that are there and hold nothing but files of this download, whatever version made them."""
        said = Path(download.file_path) if download.file_path and "\0" not in download.file_path else None
        places = dict.fromkeys((self.home(download), self.root / str(int(download.id)), *([said] if said else ())))
        return [path for path in places if path.name == str(int(download.id)) and self.is_home(path)]

    def is_home(self, path: Path) -> bool:
        """Whether this is a directory of one download: by its place, and for old places by what is in it."""
        if not path.is_absolute() or path.is_symlink() or not path.is_dir() or not path.is_relative_to(self.root):
            return False
        match path.relative_to(self.root).parts:
            case (guild, day, id_):
                return bool(_GUILD.fullmatch(guild) and _DAY.fullmatch(day) and id_.isdecimal())
            case (id_,):
                return id_.isdecimal() and not self.is_guild(path)
            case _:
                return False

    def is_guild(self, path: Path) -> bool:
        """Whether a directory directly below DOWNLOAD_DIR holds days, and not the files of one old download."""
        try:
            return any(_DAY.fullmatch(inner.name) and inner.is_dir() for inner in path.iterdir())
        except PermissionError:  # nobody can tell, so its files are nobody's to remove
            return True

    def owns(self, path: Path) -> bool:
        """Whether a place is one whose content is removed sooner or later."""
        resolved = path.resolve()
        if not resolved.is_relative_to(self.root):
            return False
        first = resolved.relative_to(self.root).parts[:1]
        return bool(first) and (first[0] == STAGING or _GUILD.fullmatch(first[0]) is not None)


def may_be_guild(name: str) -> bool:
    """Whether a directory directly below DOWNLOAD_DIR is ours by its name."""
    return _GUILD.fullmatch(name) is not None


def is_day(name: str) -> bool:
    """Whether a directory has the name of a day: `2026-09-30`."""
    return _DAY.fullmatch(name) is not None


def shown_place(path: PurePath, download_id: int) -> str:
    """Where a file lies, as a person finds it below DOWNLOAD_DIR: `81384788765712384/2026-09-30/7`."""
    parts = path.parent.parts
    if len(parts) > 2 and parts[-1] == str(download_id) and _DAY.fullmatch(parts[-2]):
        return "/".join(parts[-3:])
    return str(download_id)
