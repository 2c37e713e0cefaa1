"""What clamd says of files: a real one, with a signature of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from tests.support.clamd import NAME, STREAM_MAX, VIRUS, RunningClamd, running_clamd
from upload_module.virus_scanner import Clamd, NotScannable, ScannerGone


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[RunningClamd]:
    async with running_clamd(tmp_path / "clamd") as clamd:
        yield clamd


async def test_a_signature_is_found_wherever_it_stands_and_nothing_else_is(clamd: RunningClamd, tmp_path: Path) -> None:
    file = tmp_path / "file"
    cases: list[tuple[bytes, str | None]] = [
        (b"", None),
        (b"harmless", None),
        (VIRUS, NAME),
        (b"x" * 262_140 + VIRUS, NAME),  # over the border of two chunks
        (VIRUS[:-1], None),
    ]
    for address in (clamd.socket, clamd.tcp):
        for content, found in cases:
            file.write_bytes(content)
            said = await Clamd(address).scan(file)
            assert (said or "").removesuffix(".UNOFFICIAL") == (found or "")
        assert "ClamAV" in await Clamd(address).version()


async def test_what_is_too_large_for_it_is_told_apart_from_a_scanner_that_is_gone(
    clamd: RunningClamd, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    sizes = (600 * 1024, STREAM_MAX + 1, STREAM_MAX * 40)  # over MaxFileSize, a little over the stream's, far over it
    for address in (clamd.socket, clamd.tcp):
        for size in sizes:
            file.write_bytes(b"x" * size)
            with pytest.raises(NotScannable):
                await Clamd(address).scan(file)
    await clamd.stop()
    for address in (clamd.socket, clamd.tcp, str(tmp_path / "nothing.sock")):
        with pytest.raises(ScannerGone):
            await Clamd(address).scan(file)
        with pytest.raises(ScannerGone):
            await Clamd(address).version()


@pytest.mark.parametrize("said", [b"", b"what?\0", b"x" * 10_000, b"UNKNOWN COMMAND\0"])
async def test_nonsense_is_no_clean_file(said: bytes, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        await writer.drain()
        writer.close()

    socket, file = tmp_path / "a.sock", tmp_path / "file"
    file.write_bytes(b"harmless")
    async with await asyncio.start_unix_server(answer, socket):
        with pytest.raises((ScannerGone, NotScannable)):
            await Clamd(str(socket)).scan(file)


@pytest.mark.parametrize("address", ["clamd.ctl", "localhost", "localhost:", "localhost:0", ":3310", "a:b"])
def test_an_address_that_is_none_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ConfigurationError, match="localhost:3310"):
        Clamd(address)
