"""Asks clamd whether it knows a virus in a file: INSTREAM, over a Unix socket or TCP (clamd's manual, COMMANDS)."""

import asyncio
import contextlib
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.errors import ConfigurationError

CHUNK = 256 * 1024  # bytes
CONNECT_TIMEOUT = 5.0  # seconds
WRITE_TIMEOUT = 60.0  # for one chunk
REPLY_TIMEOUT = 300.0  # clamd gives up a file after MaxScanTime, which is 2 minutes unless the admin sets more
MAX_REPLY = 4096  # bytes
MAX_NAME = 100  # characters
# With AlertExceedsMax clamd reports what it did not look at to the end as if it were a virus.
NOT_LOOKED_AT = "Heuristics.Limits.Exceeded"
_LENGTH = struct.Struct("!I")
_UNSHOWN = re.compile(r"[^\w.:/()-]")


class ScannerGone(Exception):
    """clamd does not answer, or answers nonsense."""


class NotScannable(Exception):
    """clamd takes no file that is so large, or could not look at all of it."""


class VirusScanner(Protocol):
    """Looks into files."""

    async def scan(self, file: Path) -> str | None:
        """The name of the virus that is in a file; None when it is clean.

        Raises:
            ScannerGone: nobody answers.
            NotScannable: this file can't be scanned, or not to its end.
            OSError: the file can't be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd that listens at the path of a socket, or at `host:port`."""

    address: str

    def __post_init__(self) -> None:
        if not self.address.startswith("/") and _host_and_port(self.address) is None:
            raise ConfigurationError(
                f"CLAMAV_SOCKET={self.address} is neither the absolute path of clamd's socket nor host:port, such as "
                "/run/clamav/clamd.ctl or localhost:3310."
            )

    async def scan(self, file: Path) -> str | None:
        """See `VirusScanner`."""
        with file.open("rb") as stream:
            async with self._connected() as (reader, writer):
                writer.write(b"zINSTREAM\0")
                try:
                    while chunk := await asyncio.to_thread(stream.read, CHUNK):
                        await _send(writer, _LENGTH.pack(len(chunk)) + chunk)
                    await _send(writer, _LENGTH.pack(0))
                except ConnectionError:  # it stops listening when there is too much, and has said so
                    said = await _reply(reader)
                else:
                    said = await _reply(reader)
        if not said and await self.version():
            # Its word of refusal was lost with the bytes that it did not read; but it lives.
            raise NotScannable
        return _verdict(said)

    async def version(self) -> str:
        """What it says of itself: `ClamAV 1.4.6/27800/Fri Nov 20 08:00:00 2026`, where it has a database with a date.

        Raises:
            ScannerGone: nobody answers.
        """
        async with self._connected() as (reader, writer):
            await _send(writer, b"zVERSION\0")
            return await _reply(reader)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                reader, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            raise ScannerGone(f"{self.address}: {error or 'no answer'}") from error
        try:
            yield reader, writer
        except (ConnectionError, TimeoutError, ValueError) as error:  # ValueError: a reply longer than the buffer
            raise ScannerGone(f"{self.address}: {error or 'no answer'}") from error
        finally:
            writer.transport.abort()  # nothing of what is left unsent is of use to anybody

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = _host_and_port(self.address)
        if place is None:
            return await asyncio.open_unix_connection(self.address, limit=MAX_REPLY)
        return await asyncio.open_connection(*place, limit=MAX_REPLY)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    async with asyncio.timeout(WRITE_TIMEOUT):
        await writer.drain()


async def _reply(reader: asyncio.StreamReader) -> str:
    """One reply; nothing when it hung up without one."""
    try:
        async with asyncio.timeout(REPLY_TIMEOUT):
            return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace").strip()
    except asyncio.IncompleteReadError as error:
        return error.partial.decode(errors="replace").strip()
    except asyncio.LimitOverrunError as error:
        raise ValueError("a reply that does not end") from error
    except ConnectionError:
        return ""


def _verdict(said: str) -> str | None:
    words = said.removeprefix("stream: ")
    if words == "OK":
        return None
    if words.endswith(" FOUND"):
        name = words.removesuffix(" FOUND")
        if name.startswith(NOT_LOOKED_AT):
            raise NotScannable(name)
        return _UNSHOWN.sub("_", name)[:MAX_NAME]
    if "size limit exceeded" in words:
        raise NotScannable(words)
    raise ScannerGone(f"clamd answered {said[:200]!r}")


def _host_and_port(address: str) -> tuple[str, int] | None:
    host, _, port = address.rpartition(":")
    if address.startswith("/") or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return host.strip("[]"), int(port)
