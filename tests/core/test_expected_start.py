"""Where a download stands in the line and when it begins; and what changes when it is done otherwise."""

import json

import pytest

from core.database import Database
from core.errors import RequestRefused
from core.expected_start import Line
from core.models import DOWNLOAD_STAGE, ChildRow, Request, Settlement, Status
from core.queries import Queries
from core.requests import Requests, asked_by
from core.store import Store
from tests.conftest import Hand


@pytest.fixture
def requests(database: Database) -> Requests:
    return Requests(database, actor="test")


@pytest.fixture
def queries(database: Database) -> Queries:
    return Queries(database)


@pytest.fixture
def runner(database: Database) -> Store:
    return Store(database, stage=DOWNLOAD_STAGE, runner="played")


async def ask(requests: Requests, user: int, guild: int = 1, *, priority: int = 0) -> int:
    request = Request(url=f"https://site.test/{user}", user_id=user, guild_id=guild, priority=priority)
    return await requests.submit(request)


async def test_the_line_is_the_order_in_which_rows_are_claimed(
    requests: Requests, queries: Queries, runner: Store
) -> None:
    hog = [await ask(requests, 1) for _ in range(4)]
    other = [await ask(requests, 2) for _ in range(2)]
    elsewhere = await ask(requests, 3, guild=2)
    urgent = await ask(requests, 1, priority=1)
    first = await runner.claim()
    assert first is not None
    assert first.id == urgent
    line = await queries.line()
    assert line.running == 1
    assert set(line.ids) == {*hog, *other, elsewhere}
    assert line.ids[0] == elsewhere, "its guild has nothing running"
    assert line.ids.index(other[1]) < line.ids.index(hog[2]), "nobody waits behind another's hundred"
    claimed = []
    while (claim := await runner.claim()) is not None:
        claimed.append(claim.id)
    assert claimed[:2] == list(line.ids[:2])
    assert (await queries.line()).ids == ()


async def test_who_does_not_wait_is_not_in_the_line(requests: Requests, queries: Queries, hand: Hand) -> None:
    numbers = [await ask(requests, 1) for _ in range(4)]
    await hand(f"UPDATE downloads SET paused = 1 WHERE id = {numbers[0]}")
    await hand(f"UPDATE downloads SET cancelled = 1 WHERE id = {numbers[1]}")
    await hand(f"UPDATE downloads SET available_at = '2999-01-01 00:00:00' WHERE id = {numbers[2]}")
    line = await queries.line()
    assert line.ids == (numbers[3],)
    assert (line.ahead_of(numbers[3]), line.ahead_of(numbers[0])) == (0, None)


async def test_the_typical_time_is_the_median_of_the_latest(queries: Queries, hand: Hand) -> None:
    assert (await queries.line()).typical_seconds is None
    for seconds in (10, 20, 50):
        await hand(
            "INSERT INTO downloads (url, status, started_at, downloaded_at) VALUES "
            f"('u', 'uploaded', '2026-01-01 12:00:00', '2026-01-01 12:00:{seconds}')"
        )
    assert (await queries.line()).typical_seconds == 20.0


@pytest.mark.parametrize(
    ("running", "ahead", "seconds"),
    [(0, 0, 0.0), (1, 0, 0.0), (2, 0, 30.0), (2, 1, 90.0), (1, 1, 30.0), (5, 3, 210.0)],
)
def test_when_one_begins_follows_from_slots_and_places(running: int, ahead: int, seconds: float) -> None:
    line = Line(ids=tuple(range(10)), running=running, typical_seconds=120.0)
    assert line.seconds_until(ahead, slots=2) == seconds
    assert Line((), 2, None).seconds_until(0, slots=2) is None


# -- done anew, or otherwise -----------------------------------------------------------------------------------------


async def test_a_retry_with_other_options_begins_from_the_start(
    requests: Requests, queries: Queries, runner: Store
) -> None:
    number = await ask(requests, 1)
    claim = await runner.claim()
    assert claim is not None
    told = {"error": "Too large.", "error_kind": "TooLarge", "failed_stage": "upload", "attempts": 3}
    await runner.settle(claim, Settlement(Status.FAILED, told))
    assert await requests.retry_with([number], {"quality": "480p"}, only=asked_by(2, guild_id=1)) == []
    with pytest.raises(RequestRefused, match="quality"):
        await requests.retry_with([number], {"quality": "huge"})
    assert await requests.retry_with([number], {"quality": "480p", "audio": None}, only=asked_by(1, guild_id=1))
    row = await queries.get(number)
    assert row is not None
    assert (row.status, row.options, row.error, row.attempts) == (Status.PENDING, {"quality": "480p"}, None, 0)
    assert await requests.retry_with([number], {"audio": True}) == [], "it is not over"
    assert (await queries.history(number))[-1].note == "retry asked with quality=480p"


async def test_choosing_another_quality_takes_the_row_from_its_runner(
    requests: Requests, queries: Queries, runner: Store
) -> None:
    number = await ask(requests, 1)
    claim = await runner.claim()
    assert claim is not None
    await runner.move(claim, Status.DOWNLOADING, download_plan=json.dumps({"height": 1080}))
    assert await requests.choose_quality([number], "720p") == [number]
    assert not await runner.holds(claim)
    assert not await runner.move(claim, Status.DOWNLOADING, title="too late")
    row = await queries.get(number)
    assert row is not None
    assert (row.status, row.options, row.download_plan, row.title) == (Status.PENDING, {"quality": "720p"}, {}, None)
    await runner.claim()
    await requests.choose_quality([number], "audio")
    again = await runner.claim()
    assert again is not None
    assert again.epoch == claim.epoch + 2
    await runner.settle(again, Settlement(Status.DOWNLOADED))
    assert await requests.choose_quality([number], "480p") == [], "it is fetched"


async def test_entries_go_into_the_thread_unless_they_may_have_been_sent(
    requests: Requests, queries: Queries, runner: Store, hand: Hand
) -> None:
    number = await requests.submit(
        Request(url="https://site.test/list", user_id=1, guild_id=1, channel_id=5, progress_message_id=6)
    )
    claim = await runner.claim()
    assert claim is not None
    children = tuple(ChildRow(f"https://site.test/{n}") for n in range(3))
    await runner.settle(claim, Settlement(Status.DOWNLOADED), children=children)
    waiting, sent, uploading = (row.id for row in await queries.children([number]))
    await hand(f"UPDATE downloads SET status = 'downloaded' WHERE id = {sent}")
    await hand(
        "INSERT INTO media_files (download_id, position, path, kind, bytes, nonce) "
        f"VALUES ({sent}, 0, '/a', 'video', 1, 'n')"
    )
    await hand(f"UPDATE downloads SET status = 'uploading', claimed_by = 'x' WHERE id = {uploading}")
    await requests.thread_opened(number, 99)
    rows = {row.id: (row.channel_id, row.thread_id) for row in await queries.find([number, waiting, sent, uploading])}
    assert rows == {number: (5, 99), waiting: (99, 99), sent: (5, None), uploading: (5, None)}


async def test_help_is_asked_for_once_and_by_those_who_may(requests: Requests) -> None:
    number = await ask(requests, 1)
    assert not await requests.ask_for_help(number, only=asked_by(2, guild_id=1))
    assert await requests.ask_for_help(number, only=asked_by(1, guild_id=1))
    assert not await requests.ask_for_help(number, only=asked_by(1, guild_id=1))
