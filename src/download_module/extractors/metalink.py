"""Metalinks (RFC 5854, and version 3 before it): a file's mirrors, size and checksum in a small XML document."""

from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException

from core.errors import MediaNotFound
from download_module.names import clean_name, kind_of
from download_module.plan import Output, Part

MAX_FILES = 1000
MAX_MIRRORS = 20
HASHES = {
    "sha-512": "sha-512",
    "sha512": "sha-512",
    "sha-256": "sha-256",
    "sha256": "sha-256",
    "sha-1": "sha-1",
    "sha1": "sha-1",
}  # the strongest first; the right side is aria2's spelling
SCHEMES = ("http://", "https://", "ftp://")


def outputs_of(document: bytes) -> tuple[Output, ...]:
    """One output for each file of a metalink; torrents and other ways to it are left out.

    Raises:
        MediaNotFound: it is no metalink, or names no file that can be fetched.
    """
    try:
        root = SafeTree.fromstring(document)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MediaNotFound("This metalink file is damaged.") from error
    files = [element for element in root.iter() if _name(element) == "file"][:MAX_FILES]
    outputs = tuple(output for element in files if (output := _output(element)) is not None)
    if not outputs:
        raise MediaNotFound("This metalink names no file that can be fetched.")
    return outputs


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
    return (url.text or "").strip().lower().startswith(SCHEMES) and url.get("type", "http") != "bittorrent"


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
    return f"{best}={found[best].lower()}" if best and found[best].isalnum() else None


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdecimal() and len(text) < 19 else None
