"""Writes a playlist of staged files, which ffmpeg's HLS demuxer reads, decrypts and joins.

The segments are hostile: what a web page or another playlist begins with is refused here, for ffmpeg's demuxer would
open a playlist inside of a segment and all that it names.
"""

import math
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from core.errors import ChecksumMismatch
from download_module.plan import Segment, Slice, Track

DAMAGED = "A piece of this stream arrived damaged."
_BLOCK = 16  # bytes, of AES
_HEAD = 4096  # bytes that are looked at
_TEXTS = (b"#extm3u", b"<!doctype", b"<html", b"<mpd", b"<?xml", b"ffconcat", b"{")


def runs_of(track: Track) -> list[tuple[Segment, ...]]:
    """The stretches of a track that were encoded as one: their timestamps go on and their parameters stay."""
    run = 0
    numbers = []
    for position, segment in enumerate(track.segments):
        changed = position > 0 and segment.init != track.segments[position - 1].init
        run += segment.discontinuity or changed
        numbers.append(run)
    pairs = zip(numbers, track.segments, strict=True)
    return [tuple(segment for _, segment in run) for _, run in groupby(pairs, key=lambda pair: pair[0])]


def whole_file(run: Sequence[Segment], files: Sequence[Path]) -> Path | None:
    """The file that a run consists of, if it is one as it is: it may not be readable from front to back."""
    only = run[0]
    if len(run) > 1 or only.init is not None or only.key is not None or only.data != Slice(part=only.data.part):
        return None
    return files[only.data.part]


def write_playlist(run: Sequence[Segment], files: Sequence[Path], target: Path) -> None:
    """Write a playlist of a run.

    Args:
        run: segments that belong together.
        files: the file of each part, by its position.
        target: the playlist; pieces that ffmpeg can't decrypt in their place are written beside it.

    Raises:
        ChecksumMismatch: a segment is no media.
    """
    _Writer(files, target).write(run)


class _Writer:
    def __init__(self, files: Sequence[Path], target: Path) -> None:
        self._files = files
        self._target = target
        self._keys: dict[int, bytes] = {}
        self._cut_out = 0

    def write(self, run: Sequence[Segment]) -> None:
        longest = max(segment.seconds for segment in run)
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest))}"]
        lines += ["#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"]
        if (init := run[0].init) is not None:
            lines += self._key_line(run[0].init_key, run[0].init_iv)
            where, span = self._placed(init, run[0].init_key, run[0].init_iv)
            lines.append(f'#EXT-X-MAP:URI="{where}"' + (f',BYTERANGE="{span}"' if span else ""))
        before: list[str] = []
        for segment in run:
            key_line = self._key_line(segment.key, segment.iv)
            lines += key_line if key_line != before else []
            before = key_line
            where, span = self._placed(segment.data, segment.key, segment.iv)
            lines += [f"#EXTINF:{segment.seconds:.6f},", *([f"#EXT-X-BYTERANGE:{span}"] if span else []), where]
        self._target.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]), encoding="utf-8")

    def _key_line(self, key: int | None, iv: str | None) -> list[str]:
        if key is None:
            return ["#EXT-X-KEY:METHOD=NONE"]
        return [f'#EXT-X-KEY:METHOD=AES-128,URI="{self._relative(self._files[key])}",IV={iv}']

    def _placed(self, data: Slice, key: int | None, iv: str | None) -> tuple[str, str | None]:
        """Where bytes are, as a playlist says it: a URI and a range."""
        file = self._files[data.part]
        self._refuse_text(file, data, key, iv)
        if data.length is None:
            return self._relative(file), None
        if key is None:
            return self._relative(file), f"{data.length}@{data.offset}"
        # ffmpeg would decrypt a range as if it went on from the bytes before it; each is encrypted for itself.
        self._cut_out += 1
        piece = self._target.with_name(f"{self._target.stem}-{self._cut_out}.piece")
        piece.write_bytes(_read(file, data.offset, data.length))
        return piece.name, None

    def _relative(self, file: Path) -> str:
        # Names in staging are ours; the directories above it may hold what means something in a URI.
        return os.path.relpath(file, self._target.parent)

    def _refuse_text(self, file: Path, data: Slice, key: int | None, iv: str | None) -> None:
        size = data.length if data.length is not None else file.stat().st_size - data.offset
        head = _read(file, data.offset, min(_HEAD, size))
        if key is not None and iv is not None:
            if not head or size % _BLOCK:
                raise ChecksumMismatch(DAMAGED)
            head = self._decrypted(head[: len(head) - len(head) % _BLOCK], key, iv)
        text = _without_tags(head).lstrip().lower()
        if not text or text.startswith(_TEXTS):
            raise ChecksumMismatch(DAMAGED)

    def _decrypted(self, head: bytes, key: int, iv: str) -> bytes:
        if key not in self._keys:
            self._keys[key] = _read(self._files[key], 0, _BLOCK + 1)
        if len(self._keys[key]) != _BLOCK:
            raise ChecksumMismatch("The key of this stream arrived damaged.")
        from Cryptodome.Cipher import AES  # few streams need it, and loading it takes 20 ms

        return AES.new(self._keys[key], AES.MODE_CBC, int(iv, 16).to_bytes(_BLOCK, "big")).decrypt(head)


def _read(file: Path, offset: int, length: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)


def _without_tags(head: bytes) -> bytes:
    """What comes after tags of ID3v2, which ffmpeg skips before it looks what it has."""
    while head.startswith(b"ID3") and len(head) >= 10:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        head = head[10 + size :]
    return head
