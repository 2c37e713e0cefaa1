"""Reads the body of an answer whole, up to a limit, whatever it claims to be packed with."""

import zlib
from collections.abc import Callable

import httpx

from core.errors import ExtractionError, TooLarge

UNKNOWN = "The server sends this packed in a way that was not asked for. Try again later, or try another link."
# What is unpacked piece by piece, and never more of it than there is room for: one packet of a bomb has gigabytes. So
# httpx is not let near it, nor are the ways of packing (br, zstd) that know no limit.
PACKED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(answer: httpx.Response, limit: int, too_large: Callable[[], TooLarge]) -> bytes:
    """The bytes of an answer that is open.

    Args:
        answer: asked for with `Accept-Encoding: identity`; servers may pack it all the same.
        limit: bytes, unpacked.
        too_large: what is raised beyond the limit.

    Raises:
        ExtractionError: packed in a way that was not asked for, or damaged.
    """
    packing = answer.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", *PACKED):
        raise ExtractionError(UNKNOWN)
    unpacker = zlib.decompressobj(PACKED[packing]) if packing in PACKED else None
    body = bytearray()
    try:
        async for piece in answer.aiter_raw():
            body += piece if unpacker is None else unpacker.decompress(piece, limit - len(body) + 1)
            if len(body) > limit:
                raise too_large()
    except zlib.error as error:
        raise ExtractionError(UNKNOWN) from error
    return bytes(body)
