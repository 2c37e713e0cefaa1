"""The parts of a stream as its manifest names them, each address once."""

import base64
import binascii
from urllib.parse import unquote_to_bytes, urlsplit

from core.errors import MediaNotFound
from download_module.extractors.media_playlist import UNREADABLE, Key, Piece, Source
from download_module.plan import Part, Segment, Slice

Headers = tuple[tuple[str, str], ...]
PERSONAL = ("cookie", "authorization")


class PartBook:
    """Parts as they are met, each URI once."""

    def __init__(self, home: str, *, headers: Headers, identity: str | None) -> None:
        """Make an empty one.

        Args:
            home: where the manifest is from: what the site knows a member by goes to no other host.
            headers: sent for each part.
            identity: what the media is, wherever it is fetched from; None: nothing is continued.
        """
        self._home = urlsplit(home).netloc
        self._headers = headers
        self._identity = identity
        self._positions: dict[str, int] = {}
        self._parts: list[Part] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of them, in the order of their first use."""
        return tuple(self._parts)

    def segment(self, piece: Piece) -> Segment:
        """A segment of a playlist, with its parts entered."""
        init_key = self._key(piece.init_key)
        init = self._slice(piece.init) if piece.init is not None else None
        key = self._key(piece.key)
        return Segment(
            data=self._slice(piece.data),
            seconds=piece.seconds,
            init=init,
            init_key=init_key,
            init_iv=piece.init_key.iv if piece.init_key is not None else None,
            key=key,
            iv=piece.key.iv if piece.key is not None else None,
            discontinuity=piece.discontinuity,
        )

    def add(self, uri: str) -> int:
        """The position of the part that fetches a URI."""
        if uri not in self._positions:
            self._positions[uri] = len(self._parts)
            self._parts.append(self._part(uri, len(self._parts)))
        return self._positions[uri]

    def _slice(self, source: Source) -> Slice:
        return Slice(part=self.add(source.uri), offset=source.offset, length=source.length)

    def _key(self, key: Key | None) -> int | None:
        if key is None:
            return None
        position = self.add(key.uri)
        content = self._parts[position].content
        if content is not None and len(content) != 16:
            raise MediaNotFound(UNREADABLE)
        return position

    def _part(self, uri: str, position: int) -> Part:
        if uri.startswith("data:"):
            return Part(content=_content(uri))
        # A fresh extraction signs its addresses anew, in the query: the path and the place in the stream stay.
        identity = f"{self._identity} {position} {urlsplit(uri).path}" if self._identity is not None else None
        at_home = urlsplit(uri).netloc == self._home
        headers = tuple(each for each in self._headers if at_home or each[0].lower() not in PERSONAL)
        return Part(uris=(uri,), headers=headers, identity=identity)


def _content(uri: str) -> bytes:
    """The bytes of a data: URI (RFC 2397)."""
    described, _, data = uri.partition(",")
    content = unquote_to_bytes(data)
    if not described.lower().endswith(";base64"):
        return content
    try:
        return base64.b64decode(content)
    except binascii.Error as error:
        raise MediaNotFound(UNREADABLE) from error
