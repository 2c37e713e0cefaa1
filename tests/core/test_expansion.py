"""A playlist becomes rows: once, with what was asked of it. The same for every kind of database."""

import asyncio
import json
from pathlib import Path

import pytest

from core.attempt import Done
from core.database import Database
from core.errors import RequestRefused
from core.models import ChildRow, Destination, Download, Request, Settlement, Status
from core.queries import Queries
from core.requests import Ask, Requests, asked_by
from tests.conftest import Hand
from tests.core import given
from tests.core.seen import row, status_is
from tests.core.worker import Work, working
from tests.support.processes import wait_until

EXPANDED = Settlement(Status.DOWNLOADED, {"activity": "2 downloads", "title": "My list"})
ENTRIES = (ChildRow("http://site.test/1", "One"), ChildRow("http://site.test/2", None, "site", "2"))


async def expanded(
    database: Database, children: tuple[ChildRow, ...] = ENTRIES, **columns: object
) -> tuple[Download, list[Download]]:
    """A playlist that was just found, and its entries."""
    download_id = await given.row(database, **columns)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert claim.id == download_id
    assert await store.settle(claim, EXPANDED, children=children)
    return await row(database, download_id), await Queries(database).children([download_id])


async def test_entries_become_rows_that_inherit_what_was_asked(database: Database) -> None:
    options = {"quality": "720p", "items": "1-2", "clip": "0:30-", "force": True}
    parent, (one, two) = await expanded(
        database,
        url="http://site.test/list",
        user_id=7,
        guild_id=8,
        channel_id=9,
        progress_message_id=10,
        destination="discord",
        upload_limit_bytes=11,
        priority=1,
        options=json.dumps(options),
    )

    assert (parent.status, parent.upload, parent.is_over, parent.activity) == (
        Status.DOWNLOADED,
        False,
        True,
        "2 downloads",
    )
    assert parent.finished_at is not None
    assert [(one.url, one.title, one.site, one.media_id), (two.url, two.title, two.site, two.media_id)] == [
        ("http://site.test/1", "One", None, None),
        ("http://site.test/2", None, "site", "2"),
    ]
    for child in (one, two):
        assert (child.parent_id, child.status, child.upload, child.priority) == (parent.id, Status.PENDING, True, 1)
        assert (child.user_id, child.guild_id, child.channel_id, child.progress_message_id) == (7, 8, 9, None)
        assert (child.destination, child.upload_limit_bytes) == (Destination.DISCORD, 11)
        assert child.options == {"quality": "720p", "force": True}
        (event,) = await Queries(database).history(child.id)
        assert (event.actor, event.moved_to, event.note) == ("runner-1", "pending", f"part of #{parent.id}")
    assert (await Queries(database).history(parent.id))[-1].note == "2 downloads added"


async def test_a_row_that_is_lost_has_no_entries(database: Database, hand: Hand) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    await hand("UPDATE downloads SET status = 'pending'")
    assert not await store.settle(claim, EXPANDED, children=ENTRIES)
    assert await hand("SELECT count(*) FROM downloads") == [(1,)]


async def test_entries_that_are_there_already_are_not_added_again(database: Database, hand: Hand) -> None:
    children = tuple(ChildRow(f"http://site.test/{name}") for name in ("waits", "failed", "cancelled", "done", "done"))
    parent, entries = await expanded(database, children)
    assert len(entries) == 4, "the same twice in a list is once"
    for entry, status in zip(entries, ("pending", "failed", "cancelled", "uploaded"), strict=True):
        await hand(f"UPDATE downloads SET status = '{status}', paused = 1 WHERE id = {entry.id}")
    await hand(f"UPDATE downloads SET status = 'pending' WHERE id = {parent.id}")
    store = given.runner(database)
    again = await given.claimed(store)

    assert await store.settle(again, EXPANDED, children=(*children, ChildRow("http://site.test/new")))

    added = (await Queries(database).children([parent.id]))[4:]
    assert [entry.url.rpartition("/")[2] for entry in added] == ["failed", "cancelled", "new"]
    assert all(entry.upload for entry in added), "what was asked at first"
    assert (await Queries(database).history(parent.id))[-1].note == "3 downloads added"


async def test_a_list_that_is_only_kept_keeps_its_entries(database: Database) -> None:
    _, entries = await expanded(database, upload=0)
    assert [entry.upload for entry in entries] == [False, False]


async def test_entries_that_are_no_links_are_left_out_and_texts_are_made_storable(database: Database) -> None:
    _, entries = await expanded(
        database,
        (
            ChildRow(""),
            ChildRow("x" * 9000),
            ChildRow("http://site.test/\n"),
            ChildRow("no-link"),
            ChildRow("http://site.test/a", "cut\ud83d off\x00"),
        ),
    )
    assert [(entry.url, entry.title) for entry in entries] == [
        ("http://site.test/", None),
        ("http://site.test/a", "cut? off"),
    ]


@pytest.mark.parametrize("request_", ["cancelled", "paused"])
async def test_what_is_asked_while_a_list_is_being_settled_reaches_its_entries(
    database: Database, hand: Hand, request_: str
) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    await hand(f"UPDATE downloads SET {request_} = 1, priority = -1")
    await store.settle(claim, EXPANDED, children=ENTRIES)
    assert await store.claim() is None
    assert await hand(f"SELECT {request_}, priority FROM downloads") == [(1, -1)] * 3


async def test_a_thousand_entries_are_one_transaction(database: Database) -> None:
    _, entries = await expanded(database, tuple(ChildRow(f"http://site.test/{n}", f"Film {n}") for n in range(1000)))
    assert [entry.title for entry in entries] == [f"Film {n}" for n in range(1000)]


async def test_work_that_finds_a_list_records_its_entries_with_its_end(database: Database, tmp_path: Path) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        if claim.parent_id is None:
            return Done(EXPANDED, children=ENTRIES)
        return Done(Settlement(Status.DOWNLOADED))

    async with working(database, Work(answer=answer), tmp_path):
        await status_is(database, download_id, Status.DOWNLOADED)
        entries = await Queries(database).children([download_id])
        assert len(entries) == 2
        for entry in entries:
            await status_is(database, entry.id, Status.DOWNLOADED)


async def test_a_list_in_a_list_is_refused_so_that_none_is_endless(database: Database, tmp_path: Path) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        return Done(EXPANDED, children=(ChildRow(claim.url),))

    work = Work(answer=answer)
    async with working(database, work, tmp_path) as worker:

        async def entry_is_over() -> bool:
            return [entry.status for entry in await Queries(database).children([download_id])] == [Status.FAILED]

        await wait_until(entry_is_over)
        await wait_until(lambda: worker.loop.running == 0)
    (entry,) = await Queries(database).children([download_id])
    assert entry.error == "This entry of a list is a list itself. Ask for it by its own link."
    assert len(work.begun) == 2


async def test_requests_about_a_list_reach_its_entries(database: Database, hand: Hand) -> None:
    parent, (one, two) = await expanded(database)
    requests = Requests(database, actor="test")
    await hand(f"UPDATE downloads SET status = 'uploaded' WHERE id = {one.id}")

    assert await requests.ask(Ask.PAUSE, [parent.id]) == [parent.id]
    assert (await row(database, two.id)).paused
    assert await requests.ask(Ask.PAUSE, [parent.id]) == []
    assert await requests.ask(Ask.RESUME, [parent.id]) == [parent.id]
    assert await requests.prioritize([parent.id], 1) == [parent.id]
    assert await requests.prioritize([parent.id], 1) == []
    assert (await row(database, two.id)).priority == 1
    assert await requests.ask(Ask.CANCEL, [parent.id]) == [parent.id]
    assert not (await row(database, one.id)).cancelled, "it was over"

    await given.runner(database).cancel_waiting()
    assert await requests.ask(Ask.RETRY, [parent.id]) == [parent.id]
    assert (await row(database, two.id)).status is Status.PENDING
    notes = [event.note for event in await Queries(database).history(two.id)]
    assert notes[1:] == ["pause asked", "resume asked", "priority 1 asked", "cancel asked", None, "retry asked"]


async def test_who_may_not_ask_reaches_no_entry(database: Database) -> None:
    parent, (one, _) = await expanded(database, user_id=1, guild_id=2)
    requests = Requests(database, actor="bot")
    assert await requests.ask(Ask.CANCEL, [parent.id], only=asked_by(9, guild_id=2)) == []
    assert await requests.ask(Ask.CANCEL, [parent.id], only=asked_by(1, guild_id=3)) == []
    assert not (await row(database, one.id)).cancelled
    assert await requests.ask(Ask.CANCEL, [parent.id, one.id], only=asked_by(1, guild_id=2)) == [parent.id, one.id]


async def test_a_list_that_is_cancelled_while_it_is_settled_leaves_no_entry_alive(database: Database) -> None:
    """Both at once, in whichever order the database takes them."""
    requests, store = Requests(database, actor="test"), given.runner(database)
    for _ in range(20):
        download_id = await given.row(database)
        claim = await given.claimed(store)
        await asyncio.gather(store.settle(claim, EXPANDED, children=ENTRIES), requests.ask(Ask.CANCEL, [download_id]))
        assert all(entry.cancelled for entry in await Queries(database).children([download_id]))
        await store.cancel_waiting()


async def test_how_far_a_list_is(database: Database, hand: Hand) -> None:
    children = tuple(ChildRow(f"http://site.test/{n}") for n in range(6))
    parent, entries = await expanded(database, children)
    states = ("status = 'uploaded'", "status = 'failed'", "status = 'cancelled'", "status = 'downloaded', upload = 0")
    for entry, state in zip(entries, states, strict=False):
        await hand(f"UPDATE downloads SET {state} WHERE id = {entry.id}")
    await hand(f"UPDATE downloads SET status = 'downloaded' WHERE id = {entries[4].id}")

    queries = Queries(database)
    batches = await queries.batches(await queries.newest())

    (batch,) = batches.values()
    assert list(batches) == [parent.id]
    assert (batch.total, batch.done, batch.failed, batch.cancelled, batch.left) == (6, 2, 1, 1, 2)


async def test_the_message_of_a_list_is_stale_until_its_last_entry_is_over_and_shown(
    database: Database, hand: Hand
) -> None:
    parent, entries = await expanded(database, progress_message_id=77)
    requests, queries = Requests(database, actor="bot"), Queries(database)

    async def stale() -> list[int]:
        return [found.id for found in await queries.with_stale_message()]

    await requests.progress_shown(parent.id, Status.DOWNLOADED, message_id=77)
    assert await stale() == [parent.id]
    await requests.progress_shown(parent.id, Status.DOWNLOADING, message_id=77)
    await hand(f"UPDATE downloads SET status = 'uploaded' WHERE id IN ({entries[0].id}, {entries[1].id})")
    assert await stale() == [parent.id], "its last word was not shown"
    await requests.progress_shown(parent.id, Status.DOWNLOADED, message_id=77)
    assert await stale() == []


async def test_a_list_counts_as_one_in_a_queue_that_is_full(database: Database) -> None:
    await expanded(database, tuple(ChildRow(f"http://site.test/{n}") for n in range(50)))
    requests = Requests(database, actor="test")
    await requests.submit(Request(url="http://site.test/a"), max_waiting=2)
    with pytest.raises(RequestRefused, match="2 downloads wait already"):
        await requests.submit(Request(url="http://site.test/b"), max_waiting=2)
