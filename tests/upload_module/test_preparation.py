"""Files that are too large for their channel: planned, shown, made smaller, delivered in place of the originals."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import FileTooLarge, SendFailed
from core.models import Status
from core.tables import media_files
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.processes import wait_until
from tests.upload_module.cutter import Cutter
from tests.upload_module.given import Stage, downloaded
from upload_module.upload_manager import Limits

MESSAGES = "/channels/*/messages"
LIMITS = Limits(file=100, message=250)
FILM = {"film.mkv": bytes(range(200)) * 2}
THREE = {"a.jpg": b"a" * 10, "film.mkv": b"f" * 400, "z.jpg": b"z" * 10}


@pytest.fixture
def cutter() -> Cutter:
    return Cutter()


@pytest.fixture
def stage(stage: Stage, cutter: Cutter) -> Stage:
    stage.limits = LIMITS
    stage.fitters = {"video": [cutter]}
    return stage


async def asked(stage: Stage, channel: Channel, files: dict[str, bytes]) -> int:
    """A row for a channel that takes 100 bytes a file."""
    return await downloaded(stage.database, stage.download_dir, files, channel=channel, upload_limit_bytes=100)


def posted(channel: Channel) -> list[dict[str, int]]:
    return [{name: len(content) for name, content in message.files.items()} for message in channel.messages]


async def test_a_file_that_is_too_large_is_delivered_as_it_was_made(
    stage: Stage, channel: Channel, cutter: Cutter
) -> None:
    row = await asked(stage, channel, THREE)
    done = await stage.deliver(row)
    assert posted(channel) == [{"a.jpg": 10, "film.mp4": 100, "z.jpg": 10}]
    assert cutter.made == [("film.mkv", "720p", 100)]
    assert done.status is Status.UPLOADED
    assert (done.progress, done.eta_seconds, done.activity) == (100, None, None)
    assert not (stage.download_dir / str(row)).exists()
    (message,) = channel.messages
    files = await stage.files(row)
    assert [Path(file.path).name for file in files] == list(THREE), "the files are those that were fetched"
    assert [file.delivered_message_id for file in files] == [message.id] * 3
    assert [file.delivered_url for file in files] == [one.url for one in message.attachments]


async def test_the_plan_is_in_the_row_before_it_is_done(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.held.clear()
    cutter.reports = 40.0, 12.4
    row = await asked(stage, channel, THREE)
    working = asyncio.create_task(stage.deliver(row))

    async def shown() -> bool:
        return (await stage.now(row)).progress == 40

    await wait_until(shown)
    now = await stage.now(row)
    assert (now.activity, now.eta_seconds) == ("compressing: 720p, 100 bytes", 12)
    film = {"says": "720p", "parts": 1, "predicted_bytes": 100}
    assert now.upload_plan["files"][1] == {"name": "film.mkv", "bytes": 400, "step": "compress"} | film
    assert [file["step"] for file in now.upload_plan["files"]] == ["as is", "compress", "as is"]
    assert (now.upload_plan["limit"], now.upload_plan["messages"]) == (100, 1)
    cutter.held.set()
    await working


async def test_several_files_are_counted(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.held.clear()
    cutter.reports = 50.0, None
    stage.fits_at_once = 2
    files = {f"{number}.mkv": b"f" * 400 for number in range(4)}
    row = await asked(stage, channel, files)
    working = asyncio.create_task(stage.deliver(row))

    async def shown() -> bool:
        return (await stage.now(row)).progress == 25  # two of four, half done

    await wait_until(shown)
    now = await stage.now(row)
    assert now.activity == "compressing 1/4: 720p, 100 bytes"
    assert now.eta_seconds is not None
    cutter.held.set()
    await working
    assert cutter.most_at_once == 2
    assert posted(channel) == [{"0.mp4": 100, "1.mp4": 100}, {"2.mp4": 100, "3.mp4": 100}]


async def test_one_room_serves_all_downloads(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    rows = [await asked(stage, channel, FILM) for _ in range(3)]
    claims = [await stage.claim(row) for row in rows]
    await asyncio.gather(*(stage.pooler.work(claim) for claim in claims))
    assert len(cutter.made) == 3
    assert cutter.most_at_once == 1


async def test_parts_take_the_place_of_their_film(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.parts = 3
    row = await asked(stage, channel, THREE)
    await stage.deliver(row)
    assert posted(channel) == [
        {"a.jpg": 10, "film_part_1_of_3.mp4": 100, "film_part_2_of_3.mp4": 100},
        {"film_part_3_of_3.mp4": 100, "z.jpg": 10},
    ]
    first, last = channel.messages
    film = (await stage.files(row))[1]
    assert (film.delivered_message_id, film.delivered_url) == (last.id, first.attachments[1].url)


@pytest.mark.parametrize("old", [False, True])
async def test_a_crash_between_the_parts_sends_only_the_rest(
    stage: Stage, channel: Channel, discord: DiscordServer, cutter: Cutter, old: bool
) -> None:
    stage.limits = Limits(file=100, message=250, files=1)
    cutter.parts = 3
    row = await asked(stage, channel, FILM)
    discord.fail("POST", MESSAGES, Fault.slow(60, after=True), skip=1)
    working = asyncio.create_task(stage.deliver(row))
    await channel.wait_until(lambda shown: len(shown.messages) == 2)
    working.cancel()
    await asyncio.wait([working])
    await stage.crash()
    if old:  # Discord no longer knows the nonce: only the history tells
        discord.settings.nonce_window = 0
    await stage.deliver(row)
    assert posted(channel) == [{f"film_part_{number}_of_3.mp4": 100} for number in (1, 2, 3)]
    assert len(cutter.made) == 1
    assert [message.content[-3:] for message in channel.messages] == ["1/3", "2/3", "3/3"]


async def test_a_crash_before_the_first_message_makes_nothing_again(
    stage: Stage, channel: Channel, discord: DiscordServer, cutter: Cutter
) -> None:
    row = await asked(stage, channel, FILM)
    discord.fail("POST", MESSAGES, Fault.status(503))
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    await stage.crash()
    await stage.deliver(row)
    assert len(cutter.made) == 1
    assert posted(channel) == [{"film.mp4": 100}]


async def test_a_crash_before_the_record_makes_nothing_again(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    row = await asked(stage, channel, FILM)

    async def forget(connection: AsyncConnection) -> None:
        where = media_files.c.fitted_from.is_not(None)
        await connection.execute(delete(media_files).where(where))

    await stage.make_preparation().prepare(await stage.claim(row), LIMITS)  # a runner that made the file ...
    await stage.database.write(forget)  # ... and died before it said so
    await stage.crash()
    await stage.deliver(row)
    assert len(cutter.made) == 1
    assert posted(channel) == [{"film.mp4": 100}]


async def test_a_crash_while_a_file_is_made_makes_it_anew_and_leaves_nothing(
    stage: Stage, channel: Channel, cutter: Cutter
) -> None:
    stage.cleanup = False
    cutter.held.clear()
    row = await asked(stage, channel, FILM)
    working = asyncio.create_task(stage.deliver(row))
    await wait_until(lambda: len(cutter.made) == 1)
    working.cancel()
    await asyncio.wait([working])
    assert cutter.cancelled == 1
    fitted = stage.download_dir / str(row) / ".fitted"
    assert list(fitted.iterdir()) == []
    await stage.crash()
    cutter.held.set()
    await stage.deliver(row)
    assert len(cutter.made) == 2
    (file,) = await stage.files(row)
    assert [path.name for path in fitted.iterdir()] == [str(file.id)]


async def test_a_source_that_changed_is_not_taken_for_the_old_one(
    stage: Stage, channel: Channel, discord: DiscordServer, cutter: Cutter
) -> None:
    row = await asked(stage, channel, FILM)
    discord.fail("POST", MESSAGES, Fault.status(503))
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    await stage.crash()
    await stage.write_files(row, nonce=None)
    (stage.download_dir / str(row) / "film.mkv").write_bytes(b"n" * 400)
    await stage.deliver(row)
    assert len(cutter.made) == 2
    assert channel.messages[0].files == {"film.mp4": b"n" * 100}


async def test_a_way_that_fails_is_followed_by_the_next(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.offers, cutter.fails_at = ("720p", "480p"), ("720p",)
    await stage.deliver(await asked(stage, channel, FILM))
    assert [way for _, way, _ in cutter.made] == ["720p", "480p"]
    assert posted(channel) == [{"film.mp4": 100}]


@pytest.mark.parametrize(("fails", "name"), [(False, "film.mp4"), (True, "film.mkv")])
async def test_a_file_that_fits_and_would_not_play_is_repacked_where_that_works(
    stage: Stage, channel: Channel, cutter: Cutter, fails: bool, name: str
) -> None:
    cutter.repacks = True
    cutter.fails_at = ("as mp4",) if fails else ()
    await stage.deliver(await asked(stage, channel, {"film.mkv": b"film"}))
    assert [message.files for message in channel.messages] == [{name: b"film"}]


async def test_repacking_does_not_wait_for_an_encoder(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.held.clear()
    fitters = [cutter]
    stage.fitters = {"video": fitters}
    rows = [await asked(stage, channel, FILM), await asked(stage, channel, {"short.mkv": b"short"})]
    encoding = asyncio.create_task(stage.pooler.work(await stage.claim(rows[0])))
    await wait_until(lambda: len(cutter.made) == 1)
    fitters.insert(0, Cutter(offers=(), repacks=True))
    await stage.pooler.work(await stage.claim(rows[1]))
    assert posted(channel) == [{"short.mp4": 5}]
    cutter.held.set()
    await encoding


async def test_what_comes_out_too_large_is_not_sent(stage: Stage, channel: Channel, cutter: Cutter) -> None:
    cutter.fill = 1.01
    with pytest.raises(FileTooLarge):
        await stage.deliver(await asked(stage, channel, FILM))
    assert channel.messages == []


@pytest.mark.parametrize("why", ["no way", "no fitter", "every way fails"])
async def test_what_cant_fit_is_kept_and_named_and_the_others_are_delivered(
    stage: Stage, channel: Channel, cutter: Cutter, why: str
) -> None:
    if why == "no way":
        cutter.offers = ()
    elif why == "no fitter":
        stage.fitters = {}
    else:
        cutter.fails_at = cutter.offers
    row = await asked(stage, channel, THREE)
    claim = await stage.claim(row)
    with pytest.raises(FileTooLarge) as refused:
        await stage.pooler.work(claim)
    assert str(refused.value) == (
        "2 of 3 files are delivered. film.mkv is 400 bytes; this server takes 100 bytes per file, and it can't be made "
        f"to fit. It is kept on the bot's machine: {row}/film.mkv. Ask for a smaller version of it."
    )
    assert posted(channel) == [{"a.jpg": 10, "z.jpg": 10}]
    assert (stage.download_dir / str(row) / "film.mkv").exists()
    await stage.fail(claim, refused.value)

    stage.fitters, cutter.offers, cutter.fails_at = {"video": [cutter]}, ("360p",), ()
    await stage.crash()
    await stage.retry(row)
    await stage.deliver(row)
    assert posted(channel) == [{"a.jpg": 10, "z.jpg": 10}, {"film.mp4": 100}], "a retry sends only the rest"


async def test_a_refused_file_lowers_the_limit_and_is_made_smaller(
    stage: Stage, discord: DiscordServer, cutter: Cutter
) -> None:
    guild = discord.add_guild("small", upload_limit=60)
    channel = guild.add_text_channel("media")
    row = await asked(stage, channel, THREE)
    stage.limits = Limits(file=100, message=100)
    await stage.deliver(row)
    assert sorted(name for message in posted(channel) for name in message) == ["a.jpg", "film.mp4", "z.jpg"]
    assert [limit for _, _, limit in cutter.made] == [100, 50]
    assert await stage.queries.learned_upload_limit(guild.id) == 50
    assert (await stage.now(row)).upload_plan["limit"] == 50


async def test_a_limit_that_falls_between_two_parts_cuts_the_parts_that_are_left(
    stage: Stage, channel: Channel, discord: DiscordServer, cutter: Cutter
) -> None:
    stage.limits = Limits(file=100, message=250, files=1)
    cutter.parts = 2
    row = await asked(stage, channel, FILM)
    discord.fail("POST", MESSAGES, Fault.too_large(), skip=1)
    await stage.deliver(row)
    assert [(name, limit) for name, _, limit in cutter.made] == [("film.mkv", 100), ("film (part 2 of 2).mp4", 50)]
    assert [size for message in posted(channel) for size in message.values()] == [100, 50, 50]
    assert (await stage.files(row))[0].delivered_message_id == channel.messages[-1].id


async def test_a_limit_that_rises_lets_the_original_through(
    stage: Stage, channel: Channel, discord: DiscordServer, cutter: Cutter
) -> None:
    row = await asked(stage, channel, FILM)
    fault = discord.fail("POST", MESSAGES, Fault.status(403))
    claim = await stage.claim(row)
    with pytest.raises(Exception) as refused:  # noqa: PT011  (which one does not matter)
        await stage.pooler.work(claim)
    assert fault.struck == 1
    await stage.fail(claim, refused.value)
    await stage.write_files(row, nonce=None)
    await stage.retry(row)
    await stage.write_row(row, upload_limit_bytes=1000)
    await stage.deliver(row)
    assert len(cutter.made) == 1
    assert channel.messages[0].files == FILM


async def test_a_folder_takes_every_size(stage: Stage, cutter: Cutter) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, FILM))
    assert (stage.delivered / "film.mkv").read_bytes() == FILM["film.mkv"]
    assert cutter.made == []


async def test_an_alt_text_goes_with_the_file_and_with_what_is_made_of_it(stage: Stage, channel: Channel) -> None:
    row = await asked(stage, channel, THREE)
    await stage.write_files(row, description="A cat\u202e on a\nroof. " + "x" * 2000)
    await stage.deliver(row)
    told = [one.description or "" for one in channel.messages[0].attachments]
    assert {text[:19] for text in told} == {"A cat on a roof. xx"}
    assert {len(text) for text in told} == {1024}


async def test_a_plan_survives_a_hand_edit_into_nonsense(stage: Stage, channel: Channel) -> None:
    row = await asked(stage, channel, FILM)
    await stage.write_row(row, upload_plan=json.dumps({"files": 7}))
    assert (await stage.deliver(row)).status is Status.UPLOADED
