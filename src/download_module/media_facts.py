"""What a finished file is, by its bytes."""

from pathlib import Path

import puremagic

from core.models import NewMediaFile
from download_module.names import kind_of


def facts_of(path: Path, source_url: str) -> NewMediaFile:
    """The row of `media_files` for a file that was fetched for a URL."""
    mime_type = _sniffed(path)
    return NewMediaFile(
        path=str(path),
        kind=kind_of(mime_type, path.name),
        mime_type=mime_type,
        bytes=path.stat().st_size,
        source_url=source_url,
    )


def _sniffed(path: Path) -> str | None:
    try:
        return puremagic.magic_file(str(path))[0].mime_type or None
    except (puremagic.PureError, ValueError, IndexError):  # empty, or nothing that is known
        return None
