"""Tells whether packages of this environment were installed or updated meanwhile."""

import sysconfig
from pathlib import Path

from core.package_lock import packages_at_rest

PLACE = Path(sysconfig.get_paths()["purelib"])


def library_mark() -> int:
    """Changes with each installation: what is written of a package stands in a directory of its version's name."""
    try:
        return PLACE.stat().st_mtime_ns
    except OSError:
        return 0


async def mark_at_rest() -> int:
    """The same, once no files of packages are being replaced."""
    await packages_at_rest()
    return library_mark()
