"""Files to browsers: what may be shown in a page is on a list, all else is a download."""

from pathlib import Path

from starlette.responses import FileResponse

from core.models import MediaFile
from upload_module.display_names import display_name

# Types that no browser runs anything of; SVG and PDF may carry scripts, so they are not here.
SHOWN = frozenset(
    (
        *("video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-matroska"),
        *(
            "audio/mpeg",
            "audio/mp4",
            "audio/ogg",
            "audio/webm",
            "audio/flac",
            "audio/x-flac",
            "audio/wav",
            "audio/x-wav",
        ),
        *("audio/aac", "audio/opus", "audio/x-m4a"),
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"),
    )
)
ANYTHING = "application/octet-stream"


def shown_as(file: MediaFile) -> str | None:
    """`video`, `audio` or `image` when a page can show it, else None."""
    kind, _, _ = (file.mime_type or "").partition("/")
    return kind if file.mime_type in SHOWN else None


def path_of(file: MediaFile, roots: tuple[Path, ...]) -> Path | None:
    """Where it lies, if it is there as it was recorded and below one of these directories; else None."""
    try:
        path = Path(file.path).resolve(strict=True)
        found = path.stat()
    except (OSError, ValueError, RuntimeError):  # ValueError: NUL in a path; RuntimeError: links in a circle
        return None
    inside = any(path.is_relative_to(root) for root in roots)
    return path if inside and path.is_file() and found.st_size == file.bytes else None


def file_answer(file: MediaFile, path: Path, *, attachment: bool, public: bool = False) -> FileResponse:
    """The bytes, or the range of them that was asked for.

    Args:
        file: what is sent.
        path: of `path_of`.
        attachment: saved rather than shown, also where it could be shown.
        public: other sites may show it; for links that were made to be handed on.
    """
    shown = shown_as(file) is not None
    return FileResponse(
        path,
        media_type=file.mime_type if shown else ANYTHING,
        filename=display_name(path.name),
        content_disposition_type="attachment" if attachment or not shown else "inline",
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-origin",
            "Cache-Control": "private, max-age=0, must-revalidate",
        },
    )
