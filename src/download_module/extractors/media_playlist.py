"""Reads a media playlist of HLS (RFC 8216): which bytes follow one another, and with which keys. No network."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import m3u8

from core.errors import DrmProtected, MediaNotFound, TooLarge

MAX_SEGMENTS = 20_000
MAX_LINES = 10 * MAX_SEGMENTS
MAX_URI = 8192  # characters, as many as a link of a member may have
MAX_TEXT = 16 * 1024 * 1024  # characters
MAX_NUMBER = 2**62  # of bytes, of segments
MAX_SECONDS = 1_000_000.0  # of one segment
UNREADABLE = "The playlist of this stream can't be read. Try again later, or try another link."
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where the parser begins a new line
_IV = re.compile(r"0[xX]([0-9a-fA-F]{1,32})")
_RANGE = re.compile(r"(\d{1,19})(?:@(\d{1,19}))?")
_SAFE = "%/:=&?~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Bytes behind a URI: all of them, or `length` bytes from `offset`."""

    uri: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An AES-128 key and the IV that it is used with."""

    uri: str
    iv: str  # "0x" and 32 hexadecimal digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One segment."""

    number: int  # its media sequence number
    data: Source
    seconds: float
    init: Source | None
    init_key: Key | None  # an initialization may be encrypted too
    key: Key | None
    discontinuity: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlaylist:
    """What a media playlist says at one moment."""

    pieces: tuple[Piece, ...]  # in order; those that the playlist calls missing are left out
    target_seconds: float  # no segment is longer
    ended: bool  # no segment will be added


def read_playlist(text: str, url: str) -> MediaPlaylist:
    """What stands in a playlist that was fetched from `url`.

    Raises:
        MediaNotFound: it is no media playlist, or names what can't be fetched.
        DrmProtected: its segments are protected by more than a key that is handed out.
        TooLarge: it is longer than any that is meant to be downloaded.
    """
    lines = sum(map(text.count, _LINE_ENDS))
    if len(text) > MAX_TEXT or lines > MAX_LINES or text.count("#EXTINF") > MAX_SEGMENTS:
        raise TooLarge(f"This stream has more than {MAX_SEGMENTS:,} segments: this bot fetches shorter ones.")
    maps: list[Mapping[str, str] | None] = []  # the key that is in force at each EXT-X-MAP
    try:
        said = m3u8.parse(text, custom_tags_parser=partial(_note_keys, maps))
        return _Reading(said, url, maps).playlist()
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, m3u8.ParseError) as error:
        raise MediaNotFound(UNREADABLE) from error  # what the parser raises of hostile text


def absolute(uri: str, base: str) -> str:
    """The address that a manifest means, in the spelling that a fetcher takes.

    Raises:
        MediaNotFound: it is none of http or https.
    """
    if len(uri) > MAX_URI:
        raise MediaNotFound(UNREADABLE)
    try:
        joined = quote(urldefrag(urljoin(base, uri.strip())).url, safe=_SAFE)
        parts = urlsplit(joined)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError as error:
        raise MediaNotFound(UNREADABLE) from error
    if not known:
        raise MediaNotFound("This stream refers to something that is not on the web, so it is not fetched.")
    return joined


def _note_keys(maps: list[Any], line: str, _number: int, data: dict[str, Any], state: dict[str, Any]) -> bool:
    if line.startswith("#EXT-X-MAP"):
        maps.append(state["current_key"])
    data["keys"].clear()  # the parser looks each new key up in it: with thousands that takes for ever
    return False


class _Reading:
    def __init__(self, said: dict[str, Any], url: str, maps: list[Mapping[str, str] | None]) -> None:
        self._said = said
        self._url = url
        self._self = absolute(url, url)
        self._key_of_map = {id(each): key for each, key in zip(said["segment_map"], maps, strict=True)}
        self._ends: dict[str, int] = {}  # where the last range of each file ended
        self._inits: dict[int, Source] = {}

    def playlist(self) -> MediaPlaylist:
        if self._said["is_variant"] or self._said["playlists"]:
            raise MediaNotFound("This playlist lists other playlists, not the stream itself.")
        first = _bounded(self._said["media_sequence"])
        target = _seconds(self._said.get("targetduration"))
        pieces, broken = [], False
        for number, segment in enumerate(self._said["segments"], first):
            if "uri" not in segment:  # partial segments of one that is not there yet
                continue
            broken = broken or bool(segment.get("discontinuity"))
            if segment.get("gap_tag"):
                continue
            pieces.append(self._piece(number, segment, broken))
            broken = False
        return MediaPlaylist(pieces=tuple(pieces), target_seconds=target, ended=bool(self._said["is_endlist"]))

    def _piece(self, number: int, segment: Mapping[str, Any], broken: bool) -> Piece:
        described = segment.get("init_section")
        data = self._source(segment["uri"], segment.get("byterange"), self._ends)
        self._ends[data.uri] = data.offset + (data.length or 0)
        return Piece(
            number=number,
            data=data,
            seconds=_seconds(segment.get("duration")),
            init=self._init(described) if described else None,
            init_key=self._key(self._key_of_map[id(described)], number) if described else None,
            key=self._key(segment.get("key"), number),
            discontinuity=broken,
        )

    def _init(self, described: Mapping[str, str]) -> Source:
        if id(described) not in self._inits:
            self._inits[id(described)] = self._source(described["uri"], described.get("byterange"), {})
        return self._inits[id(described)]

    def _source(self, said: str, byte_range: str | None, ends: Mapping[str, int]) -> Source:
        uri = said if said.startswith("data:") else absolute(said, self._url)
        if uri == self._self:
            raise MediaNotFound("This playlist contains itself.")
        if byte_range is None:
            return Source(uri=uri)
        found = _RANGE.fullmatch(byte_range.strip())
        if found is None:
            raise MediaNotFound(UNREADABLE)
        offset = _bounded(found[2]) if found[2] else ends.get(uri, 0)
        return Source(uri=uri, offset=offset, length=_bounded(found[1]))

    def _key(self, described: Mapping[str, str] | None, number: int) -> Key | None:
        method = (described or {}).get("method", "NONE").upper()
        if described is None or method == "NONE":
            return None
        if method != "AES-128" or described.get("keyformat", "identity").lower() != "identity":
            raise DrmProtected
        uri = described["uri"]
        iv = described.get("iv")
        found = _IV.fullmatch(iv) if iv is not None else None
        if iv is not None and found is None:
            raise MediaNotFound(UNREADABLE)
        return Key(
            uri=uri if uri.startswith("data:") else absolute(uri, self._url),
            iv=f"0x{int(found[1], 16) if found else number:032x}",  # section 5.2
        )


def _bounded(number: Any) -> int:
    value = int(number)
    if not 0 <= value < MAX_NUMBER:
        raise MediaNotFound(UNREADABLE)
    return value


def _seconds(said: Any) -> float:
    value = float(said or 0.0)
    return value if math.isfinite(value) and 0 <= value <= MAX_SECONDS else 0.0
