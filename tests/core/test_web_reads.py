"""What the web page reads and who may: viewers, lists, figures, logins, links; on each kind of database."""

import itertools
from typing import Any

import pytest

from core.database import Database
from core.file_links import FileLinks
from core.models import Settlement, Status
from core.queries import Queries
from core.storage_book import StorageBook
from core.viewers import Seat, Viewer
from core.web_figures import Group, Span, WebFigures
from core.web_queries import Shown, WebQueries
from core.web_sessions import WebSessions
from tests.conftest import Hand
from tests.core.given import claimed, media, row, runner

OWNER = Viewer(user_id=None, name="Owner", is_owner=True)
MEMBER = Viewer(user_id=1, name="Anna", seats=(Seat(id=7, name="Harbour", moderates=False),))
MODERATOR = Viewer(user_id=2, name="Mo", seats=(Seat(id=7, name="Harbour", moderates=True),))
NOBODY = Viewer(user_id=None, name="")


async def test_the_condition_and_the_look_at_a_row_agree_for_everybody(database: Database) -> None:
    for user, guild in itertools.product((None, 1, 2, 3), (None, 7, 8)):
        await row(database, user_id=user, guild_id=guild)
    everything = await Queries(database).newest(limit=100)
    pages = WebQueries(database)
    for viewer, count in ((OWNER, 12), (MEMBER, 3), (MODERATOR, 6), (NOBODY, 0)):
        told = {one.id for one in await pages.page(viewer)}
        assert told == {one.id for one in everything if viewer.may_see(one)}
        assert len(told) == count, viewer.name


async def test_lists_are_by_state_and_text_and_go_on_where_they_ended(database: Database) -> None:
    pages = WebQueries(database)
    states: dict[str, dict[str, Any]] = {
        "pending": {},
        "uploaded": {},
        "failed": {"title": "50% of a Lighthouse"},
        "cancelled": {},
        "downloaded": {"upload": 0},
    }
    ids = {status: await row(database, status=status, **more) for status, more in states.items()}
    found = {shown: {one.id for one in await pages.page(OWNER, shown=shown)} for shown in Shown}
    assert found == {
        Shown.ALL: set(ids.values()),
        Shown.MOVING: {ids["pending"]},
        Shown.OVER: set(ids.values()) - {ids["pending"]},
        Shown.DONE: {ids["uploaded"], ids["downloaded"]},
        Shown.FAILED: {ids["failed"]},
        Shown.CANCELLED: {ids["cancelled"]},
    }
    assert [one.id for one in await pages.page(OWNER, text="% of a light")] == [ids["failed"]]
    assert await pages.page(OWNER, text="_") == []
    first = await pages.page(OWNER, limit=2)
    second = await pages.page(OWNER, limit=2, before=first[-1].id)
    assert [one.id for one in (*first, *second)] == sorted(ids.values(), reverse=True)[:4]


async def test_one_look_has_what_moves_what_is_watched_and_who_is_logged_in(database: Database, hand: Hand) -> None:
    moving, over = await row(database), await row(database, status="failed")
    sessions = WebSessions(database)
    token, expired = await sessions.open(MEMBER, seconds=60), await sessions.open(OWNER, seconds=60)
    found, late = await sessions.find(token), await sessions.find(expired)
    assert found is not None
    assert late is not None
    await hand(f"UPDATE web_sessions SET expires_at = '2020-01-01 00:00:00' WHERE token_hash = '{late.token_hash}'")
    look = await WebQueries(database).look(watched=(over,), sessions=(found.token_hash, late.token_hash, "x"))
    assert [one.id for one in look.queue] == [moving]
    assert set(look.watched) == {over}
    assert look.sessions == {found.token_hash}
    assert found.viewer == MEMBER
    assert await sessions.find(expired) is None
    assert await sessions.find("never was") is None
    assert not [one for one in await hand("SELECT * FROM web_sessions") if token in one]


async def test_a_logout_everywhere_ends_all_of_one_person(database: Database) -> None:
    sessions = WebSessions(database)
    tokens = [await sessions.open(MEMBER, seconds=60) for _ in range(2)]
    other = await sessions.open(MODERATOR, seconds=60)
    await sessions.close_all_of(MEMBER)
    assert [await sessions.find(token) for token in tokens] == [None, None]
    assert await sessions.find(other) is not None


async def test_a_login_whose_time_is_over_is_forgotten_with_its_name(database: Database, hand: Hand) -> None:
    sessions = WebSessions(database)
    for viewer in (MEMBER, MODERATOR):
        await sessions.open(viewer, seconds=60)
    await hand("UPDATE web_sessions SET expires_at = '2026-01-01 00:00:00' WHERE user_id = 1")
    assert await sessions.forget_ended() == 1
    assert await hand("SELECT name FROM web_sessions") == [("Mo",)]


async def test_known_guilds_are_those_that_asked_or_chose(database: Database, hand: Hand) -> None:
    await row(database, guild_id=7)
    await hand("INSERT INTO guild_settings (guild_id) VALUES (8)")
    assert await WebSessions(database).known_guilds([7, 8, 9]) == {7: False, 8: False}
    await hand("""UPDATE guild_settings SET settings = '{"roles": {"70": {"running": 2}}}' WHERE guild_id = 8""")
    assert await WebSessions(database).known_guilds([7, 8, 9]) == {7: False, 8: True}


async def test_figures_are_told_apart_by_what_one_may_see(database: Database, hand: Hand) -> None:
    for site, status, user in (
        ("youtube", "uploaded", 1),
        ("youtube", "failed", 1),
        ("youtube", "uploaded", 3),
        ("vimeo", "cancelled", 1),
    ):
        ended = {"finished_at": "2020-01-01 00:00:00", "started_at": "2020-01-01 00:00:00", "file_size": 10}
        kind = {"error_kind": "RateLimited"} if status == "failed" else {}
        await row(database, site=site, status=status, user_id=user, **ended, **kind)
    clock = "datetime('now')" if database.is_sqlite else "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    await hand(f"UPDATE downloads SET finished_at = {clock}, started_at = {clock}")
    figures = WebFigures(database)
    told = {viewer.name: await figures.by(Group.SITE, viewer, Span.WEEK) for viewer in (OWNER, MEMBER)}
    assert [(one.key, one.total, one.done, one.failed, one.bytes) for one in told["Owner"]] == [
        ("youtube", 3, 2, 1, 20),
        ("vimeo", 1, 0, 0, 0),
    ]
    assert [(one.key, one.total, one.success) for one in told["Anna"]] == [("youtube", 2, 0.5), ("vimeo", 1, None)]
    assert [(one.key, one.total) for one in await figures.by(Group.ERROR, OWNER, Span.DAY)] == [("RateLimited", 1)]
    for span, length in ((Span.DAY, 13), (Span.YEAR, 10)):
        (moment,) = await figures.over_time(MEMBER, span)
        assert (len(moment.key), moment.done, moment.failed, moment.mean_seconds) == (length, 1, 1, 0.0)


@pytest.fixture
async def file_id(database: Database) -> int:
    """A file of a download that was delivered, and that its guild may have removed."""
    number = await row(database, user_id=1, destination="discord", channel_id=5)
    store = runner(database)
    settlement = Settlement(Status.UPLOADED, {"file_path": f"/files/{number}"})
    assert await store.settle(await claimed(store), settlement, files=[media("/files/a.mp4")])
    return (await Queries(database).files(number))[0].id


async def test_a_link_leads_to_its_file_until_it_is_revoked_or_expires(
    database: Database, file_id: int, hand: Hand
) -> None:
    links = FileLinks(database)
    assert await links.make(file_id, seconds=60, actor="x", only=MODERATOR.sees()) is None
    assert await links.make(file_id + 1, seconds=60, actor="x") is None
    mine, other = [await links.make(file_id, seconds=60, actor="web:1", only=MEMBER.sees()) for _ in range(2)]
    assert mine is not None
    assert other is not None
    found = await links.find(mine.token)
    assert found is not None
    assert (found.file.id, found.is_live, found.fetches) == (file_id, True, 0)
    await links.count_fetch(found.id)
    assert await links.revoke([found.id], only=MODERATOR.sees()) == []
    assert await links.revoke([found.id], only=MEMBER.sees()) == [found.id]
    assert await links.revoke([found.id]) == []
    ended = await links.find(mine.token)
    assert ended is not None
    assert (ended.is_live, ended.fetches) == (False, 1)
    assert [link.expires_at for link in await links.list()] == [other.expires_at]
    await hand("UPDATE links SET expires_at = '2020-01-01 00:00:00'")
    assert await links.list() == []
    assert len(await links.list(live=False)) == 2
    assert await links.forget_old() == 2
    assert await links.find(other.token) is None


async def test_a_live_link_keeps_its_file_from_whoever_cleans(database: Database, file_id: int, hand: Hand) -> None:
    links, book = FileLinks(database), StorageBook(database)
    assert await links.make(file_id, seconds=60, actor="upload") is not None
    (stored,) = await book.with_files()
    assert await links.live_downloads() == await links.live_downloads([stored.id]) == {stored.id}
    assert not await book.forget(stored, "/files/1", note="files removed")
    await links.revoke([1])
    assert await links.live_downloads([stored.id]) == set()
    assert await book.forget(stored, "/files/1", note="files removed")
    await hand(f"DELETE FROM downloads WHERE id = {stored.id}")
    await hand(f"DELETE FROM media_files WHERE download_id = {stored.id}")
    assert await links.list(live=False) == []  # links go with their files
