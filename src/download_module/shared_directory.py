"""Whether an aria2 that somebody else runs, perhaps on another machine, works in the same directory as we do.

It gets a torrent of two files, without tracker and private, so that nobody is asked for it. One is there already: aria2
calls it complete exactly when it reads our bytes. The other is empty: aria2 makes it, and we see whether it came here.
"""

import asyncio
import base64
import hashlib
import secrets
import shutil
from pathlib import Path

from core.errors import ConfigurationError, DaemonUnavailable
from download_module.aria2c_calls import TORRENT_OPTIONS, Ask
from download_module.aria2c_stopping import stop_transfers

LOOKS = 50
BETWEEN_LOOKS = 0.1  # seconds
_PIECE = 16384


async def prove_shared(ask: Ask, directory: Path) -> None:
    """Return when aria2 reads and writes in `directory` what this process writes and reads there.

    Args:
        ask: makes calls.
        directory: an existing directory.

    Raises:
        ConfigurationError: it does not.
        DaemonUnavailable: it does not answer, or is too busy to begin.
    """
    gid = secrets.token_hex(8)
    probe = directory / f"probe-{gid}"
    asked = secrets.token_bytes(32)
    probe.mkdir()
    try:
        await asyncio.to_thread((probe / "asked").write_bytes, asked)
        options = {"gid": gid, "dir": str(directory), "check-integrity": "true", **TORRENT_OPTIONS}
        torrent = base64.b64encode(_metainfo(probe.name, asked)).decode()
        (added,) = await ask([("aria2.addTorrent", [torrent, [], options])])
        seen = isinstance(added, list) and await _is_complete(ask, gid)
        if not seen or not (probe / "answered").exists():
            raise ConfigurationError(
                f"The aria2c at ARIA2C_RPC_URL does not work in the directory {directory} of this machine. Give it the "
                "same directory under the same path and as a user who may write there, or unset ARIA2C_RPC_URL."
            )
    finally:
        try:
            await stop_transfers(ask, {gid})
            await ask([("aria2.removeDownloadResult", [gid])])
        finally:
            for left in (probe, directory / f"{probe.name}.aria2"):
                await asyncio.to_thread(_remove, left)


async def _is_complete(ask: Ask, gid: str) -> bool:
    for _ in range(LOOKS):
        (answer,) = await ask([("aria2.tellStatus", [gid, ["status", "completedLength"]])])
        status = answer[0]["status"] if isinstance(answer, list) else "removed"
        if status in ("complete", "error", "removed"):
            return bool(status == "complete")
        await asyncio.sleep(BETWEEN_LOOKS)
    if status == "waiting":
        raise DaemonUnavailable
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _metainfo(name: str, asked: bytes) -> bytes:
    """A bencoded torrent of `asked` and of the empty file `answered` (BEP 3, BEP 27)."""
    files = b"d6:lengthi%de4:pathl5:askedeed6:lengthi0e4:pathl8:answeredee" % len(asked)
    text = name.encode()
    return b"d4:infod5:filesl%se4:name%d:%s12:piece lengthi%de6:pieces20:%s7:privatei1eee" % (
        files,
        len(text),
        text,
        _PIECE,
        hashlib.sha1(asked, usedforsecurity=False).digest(),
    )
