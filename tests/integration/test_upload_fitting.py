"""The upload runner as a process, with files that are many, large, or too large."""

import json
import time
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import psutil
import pytest
from PIL import Image

from core.media_probe import probe
from tests.integration.upload_given import Place
from tests.support.discord_server import MIB, Channel, DiscordServer, Fault
from tests.support.processes import Program, Programs, gone, wait_until
from tests.support.sample_media import clip
from tests.support.sample_pictures import KINDS
from tests.upload_module.given import downloaded

NOISY = ("-crf", "10")
MESSAGES = "/channels/*/messages"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.add_guild("guild", boost_tier=3).add_text_channel("media")


@pytest.fixture
async def place(tmp_path: Path, sqlite_file: Path, programs: Programs, discord: DiscordServer) -> AsyncIterator[Place]:
    place = Place(tmp_path, sqlite_file, programs, discord)
    yield place
    await place.database.close()


async def test_25_files_in_three_messages_survive_kills_before_and_after_each(
    place: Place, channel: Channel, discord: DiscordServer
) -> None:
    files = {f"{number:02}.bin": bytes([number]) * 1000 for number in range(25)}
    row = await downloaded(place.database, place.download_dir, files, channel=channel)
    for number, made in product((0, 1, 2), (False, True)):
        held = discord.fail("POST", MESSAGES, Fault.slow(60, after=made))
        runner = await place.ready()
        there = number + made
        await wait_until(lambda held=held, there=there: held.struck == 1 and len(channel.messages) == there)  # type: ignore[misc]  # the loop's own
        await runner.kill()
    await place.ready()
    await place.status(row, "uploaded")
    assert [len(message.files) for message in channel.messages] == [10, 10, 5]
    assert [name for message in channel.messages for name in message.files] == list(files)
    assert [message.content[-3:] for message in channel.messages] == ["1/3", "2/3", "3/3"]


async def test_large_files_are_not_held_in_memory(place: Place, channel: Channel, discord: DiscordServer) -> None:
    runner = await place.ready(UPLOAD_BATCH_SIZE_MB="1000")
    files = {f"{number}.bin": bytes(50 * MIB) for number in range(10)}
    row = await downloaded(place.database, place.download_dir, files, channel=channel)
    del files
    await place.status(row, "uploaded", timeout=60)
    assert [len(message.attachments) for message in channel.messages] == [10]
    peak = next(
        int(line.split()[1]) / 1024
        for line in Path(f"/proc/{runner.pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    assert peak < 200, f"{peak:.0f} MiB"


async def test_a_video_and_a_picture_that_are_too_large_arrive_smaller_and_play(
    place: Place, channel: Channel, tmp_path: Path
) -> None:
    film = clip(tmp_path / "film.mkv", seconds=6, size="640x360", options=NOISY)
    photo = tmp_path / "photo.png"
    Image.effect_noise((900, 700), 80).save(photo)
    limit = 300_000
    assert min(film.stat().st_size, photo.stat().st_size) > limit
    files = {"film.mkv": film.read_bytes(), "photo.png": photo.read_bytes(), "note.txt": b"as it is"}
    row = await downloaded(place.database, place.download_dir, files, channel=channel, upload_limit_bytes=limit)
    place.sql("UPDATE media_files SET kind = 'image' WHERE path LIKE '%.png'")
    place.sql("UPDATE media_files SET kind = 'document' WHERE path LIKE '%.txt'")
    await place.ready()
    await place.status(row, "uploaded", timeout=60)
    names = [name for message in channel.messages for name in message.files]
    assert [name.partition(".")[0] for name in names] == ["film", "photo", "note"]
    shown = {name: content for message in channel.messages for name, content in message.files.items()}
    assert all(len(content) <= limit for content in shown.values())
    arrived = tmp_path / "arrived.mp4"
    arrived.write_bytes(shown["film.mp4"])
    facts = await probe(arrived)
    assert facts is not None
    assert facts.has_video
    assert facts.has_audio
    assert facts.duration_seconds == pytest.approx(6, abs=0.2)
    ((plan,),) = place.sql(f"SELECT upload_plan FROM downloads WHERE id = {row}")
    assert [file["step"] for file in json.loads(plan)["files"]] == ["compress", "compress", "as is"]


async def test_a_picture_of_a_telephone_arrives_as_one_that_everybody_sees(place: Place, channel: Channel) -> None:
    files = {"IMG_1.heic": KINDS["orientation-6.heic"](), "IMG_2.jpg": KINDS["photo.jpg"]()}
    row = await downloaded(place.database, place.download_dir, files, channel=channel)
    place.sql("UPDATE media_files SET kind = 'image'")
    await place.ready()
    await place.status(row, "uploaded", timeout=60)
    assert [list(message.files) for message in channel.messages] == [["IMG_1.jpg", "IMG_2.jpg"]]
    assert channel.messages[0].files["IMG_2.jpg"] == files["IMG_2.jpg"]
    assert place.sql("SELECT json_extract(upload_plan, '$.files[0].step') FROM downloads") == [("convert",)]


async def test_cancelling_ends_an_encoder_within_a_second(place: Place, channel: Channel, tmp_path: Path) -> None:
    runner, row = await encoding(place, channel, tmp_path)
    ffmpeg = encoders(runner)
    began = time.monotonic()
    place.sql(f"UPDATE downloads SET cancelled = 1 WHERE id = {row}")
    await place.status(row, "cancelled")
    for process in ffmpeg:
        await gone(process)
    assert ffmpeg
    assert time.monotonic() - began < 5, "on a busy machine; else within a second"
    assert not (place.download_dir / str(row)).exists()
    assert channel.messages == []


async def test_a_runner_that_is_killed_while_it_encodes_leaves_nothing_that_runs(
    place: Place, channel: Channel, tmp_path: Path
) -> None:
    runner, row = await encoding(place, channel, tmp_path)
    ffmpeg = encoders(runner)
    await runner.kill()
    for process in ffmpeg:
        await gone(process)
    place.sql(f"UPDATE downloads SET paused = 1 WHERE id = {row}")
    await place.ready()
    await place.status(row, "downloaded")


async def encoding(place: Place, channel: Channel, tmp_path: Path) -> tuple[Program, int]:
    """A runner that compresses a film for a long time, and has said so."""
    film = clip(tmp_path / "film.mkv", seconds=60, size="1280x720", options=("-c:v", "mpeg4", "-q:v", "3"))
    limit = film.stat().st_size // 4
    files = {"film.mkv": film.read_bytes()}
    runner = await place.ready(COMPRESSION_FFMPEG_PRESET="slow", COMPRESSION_NICENESS="19")
    row = await downloaded(place.database, place.download_dir, files, channel=channel, upload_limit_bytes=limit)
    says = f"activity LIKE 'compressing: %' AND progress BETWEEN 0.1 AND 99 AND eta_seconds > 0 AND {row} = id"
    await place.until(f"SELECT {says} FROM downloads WHERE id = {row}", 30)
    return runner, row


def encoders(runner: Program) -> list[psutil.Process]:
    return [child for child in runner.children() if child.name() == "ffmpeg"]
