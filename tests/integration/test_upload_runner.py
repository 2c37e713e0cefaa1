"""The upload runner as a process: killed, doubled, refused, without a token."""

import asyncio
import random
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.upload_given import Place
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.processes import Programs, wait_until
from tests.upload_module.given import ONE, downloaded

MESSAGES = "/channels/*/messages"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.add_guild("guild").add_text_channel("media")


@pytest.fixture
async def place(tmp_path: Path, sqlite_file: Path, programs: Programs, discord: DiscordServer) -> AsyncIterator[Place]:
    place = Place(tmp_path, sqlite_file, programs, discord)
    yield place
    await place.database.close()


async def test_a_row_that_is_inserted_is_delivered_to_the_folder(place: Place) -> None:
    await place.ready()
    row = await downloaded(place.database, place.download_dir)
    await place.status(row, "uploaded")
    assert (place.delivered / "clip.mp4").read_bytes() == ONE["clip.mp4"]


async def test_a_wrong_setting_is_one_sentence_and_status_2(place: Place) -> None:
    runner = await place.start(MAX_CONCURRENT_UPLOADS="many")
    assert await runner.wait() == 2
    assert "MAX_CONCURRENT_UPLOADS" in runner.output
    assert len(runner.output.splitlines()) == 1


async def test_without_a_token_folders_are_served_and_discord_waits_until_there_is_one(
    place: Place, channel: Channel
) -> None:
    runner = await place.ready(BOSS_BOT_DISCORD_TOKEN="")
    posted = await downloaded(place.database, place.download_dir, channel=channel)
    placed = await downloaded(place.database, place.download_dir)
    await place.status(placed, "uploaded")
    waits = "status = 'downloaded' AND attempts = 0 AND error LIKE '%no Discord token%' AND available_at IS NOT NULL"
    await place.until(f"SELECT {waits} FROM downloads WHERE id = {posted}")
    assert await runner.terminate() == 0
    await place.ready()
    await place.status(posted, "uploaded")
    assert [message.files for message in channel.messages] == [ONE]


async def test_a_refused_token_stops_deliveries_to_discord_alone(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    runner = await place.ready(BOSS_BOT_DISCORD_TOKEN="a.wrong.token")
    rows = [await downloaded(place.database, place.download_dir, channel=channel) for _ in range(5)]
    waiting = f"SELECT count(*) = {len(rows)} FROM downloads WHERE error_kind = 'DestinationUnavailable'"
    await place.until(waiting)
    placed = await downloaded(place.database, place.download_dir)
    await place.status(placed, "uploaded")
    assert discord.invalid_requests == 1
    assert runner.output.count("Discord refuses the token") == 1
    assert "a.wrong.token" not in runner.output


async def test_a_runner_that_is_killed_before_it_recorded_makes_no_second_message(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("POST", MESSAGES, Fault.slow(60, after=True))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    runner = await place.ready()
    await channel.wait_for(lambda message: bool(message.attachments))
    await runner.kill()
    await place.ready()
    await place.status(row, "uploaded")
    assert [message.files for message in channel.messages] == [ONE]
    assert len(discord.requests("POST", MESSAGES)) == 1


async def test_a_runner_that_is_killed_before_discord_worked_loses_nothing(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    held = discord.fail("POST", MESSAGES, Fault.slow(60))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    runner = await place.ready()
    await wait_until(lambda: held.struck == 1)
    await runner.kill()
    await place.ready()
    await place.status(row, "uploaded")
    assert [message.files for message in channel.messages] == [ONE]


async def test_two_runners_deliver_each_row_once(place: Place, channel: Channel) -> None:
    posted = [await downloaded(place.database, place.download_dir, channel=channel) for _ in range(12)]
    placed = [
        await downloaded(place.database, place.download_dir, {f"{number}.bin": bytes([number])}) for number in range(12)
    ]
    runners = [await place.start(), await place.start()]
    await place.until(f"SELECT count(*) = {len(posted) + len(placed)} FROM downloads WHERE status = 'uploaded'")
    assert len(channel.messages) == len(posted)
    assert len({message.content for message in channel.messages}) == len(posted)
    assert {path.name for path in place.delivered.iterdir()} == {f"{number}.bin" for number in range(12)}
    assert [await runner.terminate() for runner in runners] == [0, 0]


async def test_cancelling_while_a_file_is_sent_ends_it_at_once(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    held = discord.fail("POST", MESSAGES, Fault.slow(60))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    await place.ready()
    await wait_until(lambda: held.struck == 1)
    place.sql(f"UPDATE downloads SET cancelled = 1 WHERE id = {row}")
    await place.status(row, "cancelled", timeout=2)
    assert not (place.download_dir / str(row)).exists()
    assert channel.messages == []


async def test_pausing_keeps_the_file_and_resuming_sends_it(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    held = discord.fail("POST", MESSAGES, Fault.slow(60))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    await place.ready()
    await wait_until(lambda: held.struck == 1)
    place.sql(f"UPDATE downloads SET paused = 1 WHERE id = {row}")
    await place.status(row, "downloaded")
    place.sql(f"UPDATE downloads SET paused = 0 WHERE id = {row}")
    await place.status(row, "uploaded")
    assert [message.files for message in channel.messages] == [ONE]


async def test_a_runner_that_is_asked_to_stop_gives_its_row_back(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    held = discord.fail("POST", MESSAGES, Fault.slow(60))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    runner = await place.ready()
    await wait_until(lambda: held.struck == 1)
    assert await runner.terminate() == 0
    assert place.sql(f"SELECT status, attempts, claimed_by FROM downloads WHERE id = {row}") == [
        ("downloaded", 0, None)
    ]
    assert "Traceback" not in runner.output


async def test_a_runner_that_is_frozen_longer_than_its_lease_sends_nothing_twice(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("POST", MESSAGES, Fault.slow(2, after=True))
    row = await downloaded(place.database, place.download_dir, channel=channel)
    times = {"CLAIM_LEASE": "1", "HEARTBEAT_INTERVAL": "0.2"}
    frozen = await place.ready(**times)
    await channel.wait_for(lambda message: bool(message.attachments))
    frozen.send(signal.SIGSTOP)
    await place.ready(**times)
    await place.status(row, "uploaded")
    frozen.send(signal.SIGCONT)
    await frozen.wait_for_output("lost the row")
    assert len(channel.messages) == 1
    await place.status(row, "uploaded")


async def test_deliveries_survive_a_series_of_kills(place: Place, channel: Channel, tmp_path: Path) -> None:
    shm = Path("/dev/shm")
    elsewhere = Path(tempfile.mkdtemp(prefix="boss-bot-", dir=shm if shm.is_dir() else tmp_path))  # another disk
    files = {f"{number}.bin": random.randbytes(200_000) for number in range(3)}
    options = f'{{"to": "{elsewhere}"}}'
    try:
        for number in range(24):
            given = [{"channel": channel}, {"options": options}, {}][number % 3]
            await downloaded(place.database, place.download_dir, files, **given)  # type: ignore[arg-type]  # each fits
        for _ in range(6):
            runner = await place.ready()
            await asyncio.sleep(random.uniform(0.0, 0.2))  # a random moment is what is tested, not waited for
            await runner.kill()
        await place.ready()
        await place.until("SELECT count(*) = 24 FROM downloads WHERE status = 'uploaded'", 60)
        assert sorted(path.stat().st_size for path in elsewhere.iterdir()) == [200_000] * 24, "no part is left"
        assert sorted(path.stat().st_size for path in place.delivered.iterdir()) == [200_000] * 24
        for message in channel.messages:
            assert message.files == files
        assert len(channel.messages) == len({message.content for message in channel.messages}) == 8
        assert sorted(path.name for path in place.download_dir.iterdir()) == [".staging", "delivered"]
        assert not [path for path in (place.download_dir / ".staging").rglob("*") if path.is_file()]
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
