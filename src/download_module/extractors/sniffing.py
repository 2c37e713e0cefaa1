"""What the first bytes of an answer are, whatever its type says (compare https://mimesniff.spec.whatwg.org)."""

import mimetypes
import re
from collections.abc import Sequence
from enum import Enum, auto

import puremagic

HEAD = 4096  # bytes that are looked at
_PAGE = re.compile(rb"<(!doctype html|html|head|body|script|rss)[\s>]|#EXTM3U|<MPD[\s>]", re.IGNORECASE)
_COMMENTS = re.compile(rb"<\?xml[^>]*\?>|<!--.*?-->|\s+", re.DOTALL)
_METAINFO = re.compile(rb"d\d+:(announce|created by|creation date|comment|encoding|info|nodes|azureus)")

# Programs of Windows, Linux, macOS and Java, links of Windows, scripts.
_PROGRAMS = (
    *(b"MZ", b"\x7fELF", b"#!", b"L\x00\x00\x00\x01\x14\x02\x00", b"\xca\xfe\xba\xbe"),
    *(b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"),
)


class Described(Enum):
    """A file that describes media instead of being it."""

    PAGE = auto()  # HTML, a feed, or a manifest of HLS or DASH
    TORRENT = auto()  # a .torrent or a metalink


def head_says(head: bytes) -> Described | None:
    """Whether a body begins as a description of media."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    while found := _COMMENTS.match(text):
        text = text[found.end() :]
    if _PAGE.match(text):
        return Described.PAGE
    if _METAINFO.match(text) or text[:9].lower() == b"<metalink":
        return Described.TORRENT
    return None


def is_program(head: bytes) -> bool:
    """Whether a body is something to be run."""
    return head.startswith(_PROGRAMS)


def sniffed(head: bytes) -> str | None:
    """The type that the bytes themselves show; None when they show none."""
    try:
        return recognised(puremagic.magic_string(head))
    except (puremagic.PureError, ValueError):
        return None


def recognised(found: Sequence[puremagic.PureMagicWithConfidence]) -> str | None:
    """The type that bytes showed: the likeliest, and of those what says most of the file.

    A picture of an iPhone begins as MP4 does, with `ftyp`, and goes on with `heic`.
    """
    if not found:
        return None
    likeliest = max(found, key=lambda one: (one.confidence, one.offset + len(one.byte_match)))
    # Of some files, such as M4A, only the ending is told.
    return likeliest.mime_type or mimetypes.guess_type(f"a{likeliest.extension}")[0]
