"""Metalinks (RFC 5854, and version 3 before it): a file's mirrors, size and checksum in a small XML document."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException

from core.errors import MediaNotFound, TooLarge
from download_module.names import clean_name, kind_of
from download_module.plan import Output, Part

MAX_FILES = 1000
MAX_MIRRORS = 20
MAX_URL = 8192  # characters
MAX_ELEMENTS = 50_000  # of the document; a hundred bytes of memory each
HASHES = {
    "sha-512": "sha-512",
    "sha512": "sha-512",
    "sha-256": "sha-256",
    "sha256": "sha-256",
    "sha-1": "sha-1",
    "sha1": "sha-1",
}  # the strongest first; the right side is aria2's spelling
DIGITS = {"sha-512": 128, "sha-256": 64, "sha-1": 40}
SCHEMES = ("http://", "https://", "ftp://")


def outputs_of(document: bytes) -> tuple[Output, ...]:
    """One output for each file of a metalink; torrents and other ways to it are left out.

    Raises:
        MediaNotFound: it is no metalink, or names no file that can be fetched.
        TooLarge: it has more in it than any metalink.
    """
    parser = SafeTree.DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(document)
        root = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MediaNotFound("This metalink file is damaged.") from error
    files = list(_files(root))[:MAX_FILES]
    outputs = tuple(output for element in files if (output := _output(element)) is not None)
    if not outputs:
        raise MediaNotFound("This metalink names no file that can be fetched.")
    return outputs


class _Bounded(TreeBuilder):
    """Builds the tree while it is small; it is taken down before a document of 10 MB becomes one of 400."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise TooLarge("This metalink is larger than any that can be read.")
        return super().start(tag, attrs)


def _files(root: Element) -> Iterator[Element]:
    """Those of version 4 are below the root, those of version 3 below <files>; none is inside of another."""
    for element in root:
        if _name(element) == "files":
            yield from (inner for inner in element if _name(inner) == "file")
        elif _name(element) == "file":
            yield element


def _output(file: Element) -> Output | None:
    urls = [element for element in file.iter() if _name(element) == "url" and _is_mirror(element)]
    if not urls:
        return None
    urls.sort(key=_rank)
    name = clean_name((file.get("name") or "").rpartition("/")[2])
    size = next((_number(e.text) for e in file.iter() if _name(e) == "size"), None)
    checksum = _checksum(file)
    part = Part(
        uris=tuple((element.text or "").strip() for element in urls[:MAX_MIRRORS]),
        size=size,
        checksum=checksum,
        identity=f"{checksum} {size}" if checksum else None,
    )
    return Output(filename=name, kind=kind_of(None, name), parts=(part,))


def _is_mirror(url: Element) -> bool:
    text = (url.text or "").strip()
    known = text.lower().startswith(SCHEMES) and url.get("type", "http") != "bittorrent"
    return known and len(text) <= MAX_URL and not re.search(r"[\x00-\x20\x7f]", text)


def _rank(url: Element) -> int:
    """Lower is better: `priority` of version 4; version 3 has `preference`, where 100 is best."""
    priority, preference = _number(url.get("priority")), _number(url.get("preference"))
    if priority is not None:
        return priority
    return 1_000_000 - preference if preference is not None else 1_000_000


def _checksum(file: Element) -> str | None:
    """The strongest hash of the whole file, as aria2 takes it; those of its pieces stand in <pieces>."""
    pieces = {hash_ for element in file.iter() if _name(element) == "pieces" for hash_ in element}
    found = {
        HASHES[kind]: (element.text or "").strip().lower()
        for element in file.iter()
        if _name(element) == "hash"
        and element not in pieces
        and (kind := (element.get("type") or "").lower()) in HASHES
    }
    best = next((kind for kind in HASHES.values() if kind in found), None)
    if best is None or not re.fullmatch(rf"[0-9a-f]{{{DIGITS[best]}}}", found[best]):
        return None
    return f"{best}={found[best]}"


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdecimal() and len(text) < 19 else None
