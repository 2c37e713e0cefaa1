"""What stage 2 hands to stage 3: a frozen plan of outputs and the parts that they are made of."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an output is, as `media_files.kind` has it."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"


class Assemble(StrEnum):
    """How parts become an output."""

    NONE = "none"  # the part is the file; a torrent's part may be many
    MERGE = "merge"  # separate video and audio into one container


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What aria2c fetches as one transfer."""

    uris: tuple[str, ...]  # mirrors of the same bytes, or one magnet link
    headers: tuple[tuple[str, str], ...] = ()
    size: int | None = None  # bytes
    checksum: str | None = None  # "sha-256=<hex>", as aria2 takes it
    identity: str | None = None  # equal in two plans: the bytes are the same, and may be continued
    torrent: bytes | None = None  # a .torrent's metainfo; `uris` is empty then

    @property
    def is_torrent(self) -> bool:
        """Whether the bytes come from peers."""
        return self.torrent is not None or any(uri.startswith("magnet:") for uri in self.uris)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file for the person who asked (a torrent: all of its files)."""

    filename: str  # for display; cleaned before it is used on disk
    kind: Kind
    parts: tuple[Part, ...]
    assemble: Assemble = Assemble.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPlan:
    """Everything that stage 3 needs to know."""

    source_url: str
    extractor: str
    outputs: tuple[Output, ...]
    title: str | None = None
    author: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts of all outputs, in order."""
        return tuple(part for output in self.outputs for part in output.parts)

    @property
    def size(self) -> int | None:
        """Bytes in all, None while any part's size is unknown."""
        sizes = [part.size for part in self.parts]
        return None if None in sizes else sum(size for size in sizes if size is not None)
