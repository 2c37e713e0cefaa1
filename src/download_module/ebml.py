"""Elements of an EBML file (RFC 8794), which WebM and Matroska files are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from download_module.range_reader import HEAD, RemoteFile, Unreadable

LONGEST_HEAD = 12  # bytes of an element's id and size
SMALL = 64  # bytes; enough for the head of an element and the begin of its content
MAX_CHILDREN = 100_000  # of one element; a cue for each picture of an hour


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the file: its content lies between `body` and `end`."""

    kind: int
    start: int
    body: int
    end: int | None  # None: it says no size, as live recordings do


async def element_at(file: RemoteFile, at: int, *, at_least: int = HEAD) -> Element:
    """The element that begins there.

    Raises:
        Unreadable: there is none, or it goes beyond the end of the file.
    """
    if at >= file.size:
        raise Unreadable("an element beyond the end")
    element = read_head(await file.read(at, at + LONGEST_HEAD, at_least=at_least), 0)
    moved = replace(element, start=at, body=at + element.body, end=None if element.end is None else at + element.end)
    if (moved.end or 0) > file.size:
        raise Unreadable("an element beyond the end")
    return moved


def children(content: bytes, kind: int) -> Iterator[bytes]:
    """The contents of all children of one kind."""
    for element in _elements(content):
        if element.kind == kind:
            yield content[element.body : element.end]


def numbers(content: bytes) -> dict[int, int]:
    """The children as unsigned numbers; of those that are none nobody asks."""
    return {
        element.kind: int.from_bytes(content[element.body : element.end], "big")
        for element in _elements(content)
        if element.end is not None and element.end - element.body <= 8
    }


def _elements(content: bytes) -> Iterator[Element]:
    at = 0
    for _ in range(MAX_CHILDREN):
        if at >= len(content):
            return
        element = read_head(content, at)
        if element.end is None or element.end > len(content):
            raise Unreadable("an element beyond its parent")
        yield element
        at = element.end
    raise Unreadable("more elements than an index has")


def read_head(data: bytes, at: int) -> Element:
    """An element's id and size: their first byte tells by its leading zeros how long they are."""
    kind, body = variable(data, at, marked=True)
    size, body = variable(data, body, marked=False)
    return Element(kind if kind is not None else 0, at, body, None if size is None else body + size)


def variable(data: bytes, at: int, *, marked: bool) -> tuple[int | None, int]:
    """A number of variable width and where it ends; None for a size that says it is unknown."""
    width = 9 - data[at].bit_length() if at < len(data) else 9
    if width > 8 or at + width > len(data):
        raise Unreadable("an element that is cut off")
    value = int.from_bytes(data[at : at + width], "big")
    if marked:
        return value, at + width
    value &= (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 else value), at + width
