"""What stage 2 hands to stage 3: a frozen plan of outputs and the parts that they are made of."""

from dataclasses import dataclass, field
from enum import StrEnum

from download_module.media_metadata import MediaMetadata


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
    HLS = "hls"  # `Output.tracks` say how segments (of HLS or DASH) follow one another


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What aria2c fetches as one transfer, or what is known already."""

    uris: tuple[str, ...] = ()  # mirrors of the same bytes, or one magnet link
    headers: tuple[tuple[str, str], ...] = ()
    size: int | None = None  # bytes
    checksum: str | None = None  # "sha-256=<hex>", as aria2 takes it
    identity: str | None = None  # equal in two plans: the bytes are the same, and may be continued
    torrent: bytes | None = None  # a .torrent's metainfo; `uris` is empty then
    files: tuple[int, ...] = ()  # of a torrent: which of its files, counted from 1 as aria2 does; empty: all
    wanted: tuple[tuple[int, int | None], ...] = ()  # of a magnet, whose files are not known yet: which were asked for
    content: bytes | None = None  # nothing to fetch: these are the bytes
    fallbacks: tuple[str, ...] = ()  # other renditions, tried one after the other when the first is refused
    ranges: tuple[tuple[int, int], ...] = ()  # (first, end) bytes that are needed of a file; empty: all. Needs `size`.
    known: tuple[tuple[int, bytes], ...] = ()  # (offset, bytes) of such a file that are here; later ones win
    head: bool = False  # the server of such a file answers HEAD with its size
    chunk: int | None = None  # bytes; the server slows down requests for more than that at once
    impersonate: str | None = None  # a browser whose TLS the server wants to see ("chrome"): not for aria2

    @property
    def is_torrent(self) -> bool:
        """Whether the bytes come from peers."""
        return self.torrent is not None or any(uri.startswith("magnet:") for uri in self.uris)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Bytes of a part: all of it, or `length` bytes from `offset`."""

    part: int  # position in `Output.parts`
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of a track, as a media playlist names it (RFC 8216)."""

    data: Slice
    seconds: float
    init: Slice | None = None  # EXT-X-MAP, DASH's initialization
    init_key: int | None = None  # as `key`, for an initialization that is encrypted too
    init_iv: str | None = None
    key: int | None = None  # position of the part that holds the AES-128 key
    iv: str | None = None  # "0x" and 32 hexadecimal digits; there whenever `key` is
    discontinuity: bool = False  # encoded anew from here on: timestamps or parameters change


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One stream in pieces; `Output` has one, or one of video and then one of audio."""

    segments: tuple[Segment, ...]
    start: float = 0.0  # seconds of the whole stream that lie before the first segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is kept of a stream, in seconds of the whole of it."""

    start: float
    end: float | None  # None: to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A named stretch of a video, in seconds."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWindow:
    """A playlist that grows while it is watched: its segments are appended for a while."""

    playlists: tuple[str, ...]  # media playlists: one of both, or one of video and one of audio
    headers: tuple[tuple[str, str], ...]
    seconds: float  # how much is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file for the person who asked (a torrent: all of its files)."""

    filename: str  # for display; cleaned before it is used on disk
    kind: Kind
    parts: tuple[Part, ...]
    assemble: Assemble = Assemble.NONE
    tracks: tuple[Track, ...] = ()  # with HLS alone
    cut: Cut | None = None
    chapters: tuple[Chapter, ...] = ()
    live: LiveWindow | None = None  # `parts` and `tracks` are empty then
    description: str | None = None  # alt text
    optional: bool = False  # its loss is said, and does not fail the others (one picture of a gallery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A download of its own that a playlist, channel or album stands for."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPlan:
    """Everything that stage 3 needs to know: outputs to fetch, or children that become rows of their own."""

    source_url: str
    extractor: str
    outputs: tuple[Output, ...] = ()
    children: tuple[Child, ...] = ()
    title: str | None = None
    author: str | None = None
    metadata: MediaMetadata = field(default_factory=MediaMetadata)
    height: int | None = None  # of the video that was chosen: pixels of its shorter side
    heights: tuple[int, ...] = ()  # that the site offers, highest first
    estimate: int | None = None  # bytes in all, where no exact size is known

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts of all outputs, in order."""
        return tuple(part for output in self.outputs for part in output.parts)

    @property
    def size(self) -> int | None:
        """Bytes to fetch in all, None while any part's size is unknown."""
        sizes = [_to_fetch(part) for part in self.parts]
        return None if None in sizes else sum(size for size in sizes if size is not None)


def _to_fetch(part: Part) -> int | None:
    if part.content is not None:
        return 0
    return sum(end - first for first, end in part.ranges) if part.ranges else part.size
