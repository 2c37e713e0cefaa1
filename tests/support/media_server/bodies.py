"""What a resource's body is made of: bytes, a file, or pseudo-random bytes of any size that cost no memory."""

import gzip
import hashlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

BLOCK = 1 << 20
_STRIDE = 618_033  # odd, so that i * _STRIDE % BLOCK differs for the first 2**20 blocks, which is 1 TiB


class Body(Protocol):
    """Bytes that can be read from anywhere."""

    @property
    def size(self) -> int | None:
        """Bytes in all, None when there is no end."""
        ...

    def read(self, offset: int, length: int) -> memoryview:
        """At least one byte (unless at the end) and at most `length` bytes from `offset` on."""
        ...


@dataclass(frozen=True, slots=True)
class Payload:
    """`size` pseudo-random bytes, the same for the same seed; blocks of 1 MiB all differ, so order matters."""

    size: int
    seed: int = 0

    def read(self, offset: int, length: int) -> memoryview:
        block, start = divmod(offset, BLOCK)
        turn = block * _STRIDE % BLOCK
        stop = min(BLOCK, start + length, start + self.size - offset)
        return memoryview(_noise(self.seed))[turn + start : turn + max(start, stop)]

    def pieces(self) -> Iterator[memoryview]:
        """The whole payload in order, a block at a time."""
        offset = 0
        while piece := self.read(offset, BLOCK):
            yield piece
            offset += len(piece)

    def sha256(self) -> str:
        """The sum of the whole payload, in hex."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def to_bytes(self) -> bytes:
        """The whole payload in memory."""
        return b"".join(self.pieces())

    def write_to(self, path: Path) -> Path:
        """Writes the whole payload into a file and returns its path."""
        with path.open("wb") as file:
            file.writelines(self.pieces())
        return path


def payload(size: int, seed: int = 0) -> Payload:
    """`size` deterministic pseudo-random bytes that are never held in memory as a whole."""
    return Payload(size, seed)


@cache
def _noise(seed: int) -> bytes:
    block = random.Random(seed).randbytes(BLOCK)
    return block + block


@dataclass(frozen=True, slots=True)
class Endless:
    """A body without an end."""

    seed: int = 0

    @property
    def size(self) -> None:
        return None

    def read(self, offset: int, length: int) -> memoryview:
        return Payload(offset + length, self.seed).read(offset, length)


@dataclass(frozen=True, slots=True)
class BytesBody:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> memoryview:
        return memoryview(self.data)[offset : offset + length]


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file as it is at the time of each read."""

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def read(self, offset: int, length: int) -> memoryview:
        file = os.open(self.path, os.O_RDONLY)
        try:
            return memoryview(os.pread(file, length, offset))
        finally:
            os.close(file)


Source = bytes | str | Path | int | Body
"""What a body can be given as: bytes, text, a file's path, a number of pseudo-random bytes, a body."""


def body_of(source: Source, *, seed: int = 0) -> Body:
    """A body of bytes, text, a file's path, or a number of pseudo-random bytes."""
    match source:
        case bytes():
            return BytesBody(source)
        case str():
            return BytesBody(source.encode())
        case Path():
            return FileBody(source)
        case int():
            return Payload(source, seed)
        case _:
            return source


def compressed(body: Body) -> Body:
    """The same body, gzipped in memory."""
    if body.size is None:
        raise ValueError("An endless body cannot be compressed in memory.")
    data, offset = bytearray(), 0
    while piece := body.read(offset, BLOCK):
        data += piece
        offset += len(piece)
    return BytesBody(gzip.compress(bytes(data), mtime=0))


def gzip_bomb(size: int) -> bytes:
    """About `size` / 1000 bytes of gzip that expand to at least `size` zero bytes."""
    member = gzip.compress(bytes(BLOCK), mtime=0)
    return member * -(-size // BLOCK)


def filler_headers(size: int) -> list[tuple[str, str]]:
    """About `size` bytes of headers, in lines of 4,000 characters."""
    return [(f"X-Filler-{number}", "f" * 4000) for number in range(-(-size // 4000))]
