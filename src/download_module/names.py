"""Names for files on disk and on the screen, made of what strangers send."""

import mimetypes
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from download_module.plan import Kind

UNCLEAR = ("application/octet-stream", "application/ogg")  # the latter is sound or a video
MAX_BYTES = 180  # most file systems take 255; a delivery may add a few
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\.|$)", re.IGNORECASE)


def clean_name(text: str, *, fallback: str = "download") -> str:
    """A single safe path component: no separators, control, bidi or zero-width characters, bounded length."""
    kept = "".join(" " if unicodedata.category(c).startswith("Z") else c for c in unicodedata.normalize("NFC", text))
    kept = "".join(c for c in kept if not unicodedata.category(c).startswith("C"))
    kept = unicodedata.normalize("NFC", kept)  # what stood between two characters that combine may be gone
    kept = re.sub(r"\s+", " ", _FORBIDDEN.sub("_", kept)).strip(" .")
    if not kept or _RESERVED.match(kept):
        kept = f"{fallback} {kept}".strip()
    while (shorter := _shortened(kept)) != kept:  # what is left of a long ending may look like a short one
        kept = shorter
    return kept


def _shortened(name: str) -> str:
    """At most `MAX_BYTES` of it, with its ending."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = name, ""
    room = MAX_BYTES - len(suffix.encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{stem}.{suffix}" if suffix else stem


def name_from_url(url: str) -> str:
    """The last component of the URL's path."""
    return clean_name(unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]))


def with_extension(name: str, mime_type: str | None) -> str:
    """The name with an ending that fits the type, if it has none."""
    if "." in name.strip("."):
        return name
    return name + ((mimetypes.guess_extension(mime_type) or "") if mime_type else "")


def kind_of(mime_type: str | None, name: str = "") -> Kind:
    """What a file is by its type, else by its name."""
    if not mime_type or mime_type in UNCLEAR:
        mime_type = mimetypes.guess_type(name)[0]
    family = (mime_type or "").partition("/")[0]
    return Kind(family) if family in (Kind.VIDEO, Kind.AUDIO, Kind.IMAGE) else Kind.DOCUMENT
