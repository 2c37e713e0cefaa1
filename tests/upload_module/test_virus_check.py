"""Files with a virus are delivered nowhere; what can't be scanned waits or passes, as was set."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from loguru import logger

from core.errors import ScannerUnavailable, SendFailed, VirusFound
from core.models import Status
from tests.acceptance.house import House
from tests.support.clamd import NAME, STREAM_MAX, VIRUS, RunningClamd, running_clamd
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.media_server import MediaServer
from tests.support.processes import Programs, wait_until
from tests.upload_module.given import ONE, Stage, downloaded
from upload_module.virus_check import VirusCheck
from upload_module.virus_scanner import Clamd

INFECTED = {"a.jpg": b"a picture", "b.zip": b"PK" + VIRUS, "c.jpg": b"another"}
LARGE = {"film.mp4": b"x" * (STREAM_MAX + 1)}


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[RunningClamd]:
    async with running_clamd(tmp_path / "clamd") as clamd:
        yield clamd


@dataclass(slots=True)
class Counting:
    """Counts how often the real scanner is asked."""

    scanner: Clamd
    asked: list[str] = field(default_factory=list)

    async def scan(self, file: Path) -> str | None:
        self.asked.append(file.name)
        return await self.scanner.scan(file)


@pytest.mark.parametrize("folder", [False, True])
async def test_one_file_with_a_virus_keeps_the_whole_download_back(
    stage: Stage, channel: Channel, clamd: RunningClamd, folder: bool
) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.socket))
    row = await downloaded(stage.database, stage.download_dir, INFECTED, channel=None if folder else channel)
    with pytest.raises(VirusFound, match=rf"^b\.zip was refused: the virus scanner found {NAME}"):
        await stage.deliver(row)
    assert not VirusFound.transient
    assert channel.messages == []
    assert not stage.delivered.exists()
    assert (stage.download_dir / str(row) / "b.zip").exists()  # for the admin, who may know better


async def test_harmless_files_are_delivered(stage: Stage, channel: Channel, clamd: RunningClamd) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.tcp))
    row = await downloaded(stage.database, stage.download_dir, ONE, channel=channel)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert [message.files for message in channel.messages] == [ONE]


async def test_without_a_scanner_files_wait_and_go_on_when_it_is_back(
    stage: Stage, channel: Channel, clamd: RunningClamd
) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.socket))
    row = await downloaded(stage.database, stage.download_dir, ONE, channel=channel)
    await clamd.stop()
    with pytest.raises(ScannerUnavailable, match="does not answer") as raised:
        await stage.deliver(row)
    assert raised.value.transient
    assert not raised.value.costs_attempt
    assert channel.messages == []
    await stage.crash()
    await clamd.start()
    await stage.deliver(row)
    assert len(channel.messages) == 1


async def test_a_file_that_is_too_large_for_the_scanner_says_so(
    stage: Stage, channel: Channel, clamd: RunningClamd
) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.socket))
    row = await downloaded(stage.database, stage.download_dir, LARGE, channel=channel)
    with pytest.raises(ScannerUnavailable, match=r"^film\.mp4 \(1 MiB\) is larger than the virus scanner"):
        await stage.deliver(row)
    assert channel.messages == []


@pytest.mark.parametrize("gone", [True, False])
async def test_what_can_not_be_scanned_passes_where_the_admin_wants_that(
    stage: Stage, channel: Channel, clamd: RunningClamd, gone: bool
) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.socket), passes=True)
    row = await downloaded(stage.database, stage.download_dir, LARGE, channel=channel)
    if gone:
        await clamd.stop()
    warned: list[str] = []
    sink = logger.add(warned.append, level="WARNING", format="{message}")
    await stage.deliver(row)
    logger.remove(sink)
    assert [message.files for message in channel.messages] == [LARGE]
    assert [line for line in warned if line.startswith("clamd ")]


async def test_a_virus_is_refused_although_the_rest_may_pass(
    stage: Stage, channel: Channel, clamd: RunningClamd
) -> None:
    stage.virus_check = VirusCheck(scanner=Clamd(clamd.socket), passes=True)
    row = await downloaded(stage.database, stage.download_dir, LARGE | INFECTED, channel=channel)
    with pytest.raises(VirusFound):
        await stage.deliver(row)
    assert channel.messages == []


async def test_a_retry_scans_only_what_changed(
    stage: Stage, discord: DiscordServer, channel: Channel, clamd: RunningClamd
) -> None:
    counting = Counting(Clamd(clamd.socket))
    stage.virus_check = VirusCheck(scanner=counting)
    row = await downloaded(stage.database, stage.download_dir, {"a.jpg": b"one", "b.jpg": b"two"}, channel=channel)
    discord.fail("POST", "/channels/*/messages", Fault.status(503), times=1)
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    assert counting.asked == ["a.jpg", "b.jpg"]
    await stage.crash()
    (stage.download_dir / str(row) / "b.jpg").write_bytes(b"TWO")
    await stage.deliver(row)
    assert counting.asked == ["a.jpg", "b.jpg", "b.jpg"]


async def test_the_real_runner_refuses_holds_and_goes_on(tmp_path: Path, clamd: RunningClamd) -> None:
    async with MediaServer() as site, Programs(tmp_path / "logs") as programs, DiscordServer() as discord:
        house = House(directory=tmp_path, programs=programs, site=site, discord=discord)
        channel = discord.add_guild("guild").add_text_channel("media")
        await house.start("download", "upload", CLAMAV_SOCKET=clamd.socket)
        await house.ready("upload")
        bad = await house.ask(site.add("/bad.zip", b"PK" + VIRUS), destination="discord", channel_id=channel.id)
        row = await house.until(bad, "failed")
        assert (row["error_kind"], row["failed_stage"], row["attempts"]) == ("VirusFound", "upload", 1)
        assert row["error"].startswith("bad.zip was refused: the virus scanner found")
        await clamd.stop()
        good = await house.ask(site.add("/good.bin", 50_000), destination="discord", channel_id=channel.id)
        await wait_until(lambda: house.row(good)["error_kind"] == "ScannerUnavailable", 30, description="a held row")
        assert (house.row(good)["status"], house.row(good)["attempts"]) == ("downloaded", 0)
        assert channel.messages == []
        await clamd.start()
        await house.shell(f"UPDATE downloads SET available_at = NULL WHERE id = {good}")
        await house.until(good, "uploaded")
        assert [list(message.files) for message in channel.messages] == [["good.bin"]]
