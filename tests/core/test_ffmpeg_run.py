"""The program ffmpeg: its progress, its limits and its end."""

import asyncio
import signal

import psutil
import pytest

from core import ffmpeg_run
from core.errors import ChecksumMismatch, DiskFull, ProgramEnded
from core.ffmpeg_run import Ffmpeg

ENDLESS = ("-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-")
SOUND = ("-f", "lavfi", "-i", "sine=duration=2")


def running() -> list[psutil.Process]:
    """Our ffmpegs that live."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.name() == "ffmpeg" and child.status() != psutil.STATUS_ZOMBIE]


async def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[str, float | None]] = []
    await Ffmpeg().run(
        [*SOUND, "-f", "null", "-"], activity="cutting", seconds=4, report=lambda *said: told.append(said)
    )
    assert told[-1][0] == "cutting"
    assert told[-1][1] == pytest.approx(50, abs=2)


async def test_it_ends_when_it_is_cancelled() -> None:
    begun = asyncio.Event()
    work = Ffmpeg().run(ENDLESS, activity="merging", report=lambda *_: begun.set())
    task = asyncio.create_task(work)
    async with asyncio.timeout(30):
        await begun.wait()
    assert running()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running()


async def test_it_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_run, "TIMEOUT", 0.3)
    with pytest.raises(ChecksumMismatch, match="in time"):
        await Ffmpeg().run(ENDLESS, activity="merging")
    assert not running()


async def test_a_full_disk_is_no_damage() -> None:
    with pytest.raises(DiskFull):
        await Ffmpeg().run([*SOUND, "-f", "wav", "/dev/full"], activity="merging")


async def test_the_installed_version_takes_the_options_for_playlists() -> None:
    options = await Ffmpeg().hls_options()
    assert options[:2] == ("-allowed_extensions", "ALL")
    assert len(options) % 2 == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_program_that_was_killed_says_nothing_about_the_media(number: signal.Signals) -> None:
    begun = asyncio.Event()
    work = asyncio.create_task(Ffmpeg().run(ENDLESS, activity="merging", report=lambda *_: begun.set()))
    async with asyncio.timeout(30):
        await begun.wait()
    for child in running():
        child.send_signal(number)
    with pytest.raises(ProgramEnded):
        await work
