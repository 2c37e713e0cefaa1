"""Whether a delivered file holds what its originals hold."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path


def is_identical(delivered: Path, originals: Sequence[Path]) -> bool:
    """One original: byte for byte. Several, which were merged: packet for packet of each stream."""
    if len(originals) == 1:
        return _sha256(delivered) == _sha256(originals[0])
    return _streams(delivered) == sorted(stream for original in originals for stream in _streams(original))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _streams(path: Path) -> list[str]:
    """`a,SHA256=...` for each stream: its kind and the sum of its packets, as they are."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-map", "0", "-c", "copy", "-f", "streamhash", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg can't read {path.name}: {done.stderr.strip()}")
    return sorted(line.partition(",")[2] for line in done.stdout.splitlines())
