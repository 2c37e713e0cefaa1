"""What people read. The same for every kind of database."""

from core.database import Database
from core.models import Settlement, Status
from core.queries import Queries, seconds_between
from tests.conftest import Hand
from tests.core import given


async def test_downloads_are_found_by_id(database: Database) -> None:
    ids = [await given.row(database) for _ in range(3)]
    queries = Queries(database)
    found = await queries.get(ids[1])
    assert found is not None
    assert found.id == ids[1]
    assert await queries.get(99) is None
    assert [row.id for row in await queries.find([ids[2], 99, ids[0]])] == [ids[0], ids[2]]
    assert await queries.find([]) == []


async def test_the_newest_come_first_and_are_narrowed_down(database: Database) -> None:
    one = await given.row(database, guild_id=1, user_id=10)
    two = await given.row(database, guild_id=1, user_id=11, status="failed")
    three = await given.row(database, guild_id=2, user_id=10, status="failed")
    queries = Queries(database)

    async def newest(**narrowed: int | list[Status]) -> list[int]:
        return [row.id for row in await queries.newest(**narrowed)]  # type: ignore[arg-type]  # a row of keywords

    assert await newest() == [three, two, one]
    assert await newest(limit=2) == [three, two]
    assert await newest(guild_id=1) == [two, one]
    assert await newest(guild_id=1, user_id=10) == [one]
    assert await newest(statuses=[Status.FAILED], user_id=10) == [three]


async def test_the_queue_shows_what_runs_then_what_waits_as_it_will_be_taken(database: Database) -> None:
    later = await given.row(database, added_at="2020-01-02 00:00:00")
    sooner = await given.row(database, added_at="2020-01-01 00:00:00", guild_id=1)
    urgent = await given.row(database, priority=1)
    running = await given.row(database, status="downloading", priority=-1, guild_id=1)
    for over in ("uploaded", "failed", "cancelled"):
        await given.row(database, status=over)
    await given.row(database, status="downloaded", upload=0)
    queries = Queries(database)

    assert [row.id for row in await queries.queue()] == [running, urgent, sooner, later]
    assert [row.id for row in await queries.queue(guild_id=1)] == [running, sooner]
    assert [row.id for row in await queries.queue(limit=1)] == [running]


async def test_how_many_wait_before_a_row(database: Database) -> None:
    ids = [await given.row(database) for _ in range(3)]
    await given.row(database, priority=1)
    await given.row(database, priority=1, paused=1)
    await given.row(database, priority=1, cancelled=1)
    await given.row(database, status="downloading", priority=1)
    low = await given.row(database, priority=-1, added_at="2001-01-01 00:00:00")
    queries = Queries(database)

    places = [await queries.ahead_of(row) for row in await queries.find([*ids, low])]

    assert places == [1, 2, 3, 4]


async def test_rows_are_counted_by_status(database: Database) -> None:
    for status in ("pending", "pending", "failed"):
        await given.row(database, status=status)
    assert await Queries(database).counts() == {Status.PENDING: 2, Status.FAILED: 1}


async def test_what_is_over_is_told_from_what_goes_on(database: Database) -> None:
    going = [await given.row(database, status=status) for status in ("pending", "extracting", "downloaded")]
    over = [await given.row(database, status=status) for status in ("uploaded", "failed", "cancelled")]
    over.append(await given.row(database, status="downloaded", upload=0))
    assert {row.id for row in await Queries(database).newest() if row.is_over} == set(over)
    assert not set(going) & set(over)


async def test_the_history_tells_who_moved_what(database: Database) -> None:
    download_id = await given.row(database)
    store, queries = given.runner(database), Queries(database)
    await store.settle(await given.claimed(store), Settlement(Status.FAILED, {"error": "Gone."}))
    await given.row(database)
    events = await queries.history(download_id)
    assert [(e.actor, e.moved_to, e.note) for e in events] == [
        ("runner-1", "extracting", None),
        ("runner-1", "failed", "Gone."),
    ]
    assert await queries.history(99) == []


async def test_runners_are_listed_with_their_silence(database: Database, hand: Hand) -> None:
    await given.runner(database).sign_on(42)
    queries = Queries(database)
    (fresh,) = await queries.runners()
    assert (fresh.name, fresh.kind, fresh.pid) == ("runner-1", "download", 42)
    assert 0 <= fresh.seconds_silent < 5
    await hand("UPDATE runners SET heartbeat_at = '2020-01-01 00:00:00'")
    (silent,) = await queries.runners()
    assert silent.seconds_silent > 1e6


def test_seconds_between_two_times() -> None:
    assert seconds_between("2024-02-28 23:59:30", "2024-02-29 00:00:15") == 45.0
