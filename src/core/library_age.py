"""How old the libraries are that read sites. yt-dlp's version is the day of its release, so no network is needed."""

from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version

from core.version_floors import parsed


def installed(package: str) -> str | None:
    """The version of a package of this environment; None when it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def days_since_release(found: str, today: date | None = None) -> int | None:
    """Days since the release of a version that is a date, such as 2026.10.26; None for another kind of version."""
    try:
        released = date(*parsed(found)[:3])
    except (TypeError, ValueError):
        return None
    return ((today or datetime.now(UTC).date()) - released).days
