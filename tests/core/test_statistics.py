"""Figures of what was downloaded. The same for every kind of database."""

from core.database import Database
from core.statistics import Figures, Period, SiteFigures, Statistics
from tests.conftest import Hand
from tests.core import given

DONE = {
    "status": "uploaded",
    "file_size": 100,
    "started_at": "2026-01-01 12:00:00",
    "finished_at": "2026-01-01 12:00:10",
}


async def test_downloads_are_counted_by_how_they_ended(database: Database) -> None:
    await given.row(database, **DONE, guild_id=5, site="youtube")
    await given.row(database, **DONE | {"finished_at": "2026-01-01 12:00:30"}, guild_id=5, site="youtube")
    await given.row(database, status="downloaded", upload=0, file_size=7, guild_id=5)
    await given.row(database, status="failed", guild_id=5, site="youtube", error_kind="LoginRequired")
    await given.row(database, status="cancelled", guild_id=5)
    await given.row(database, status="extracting", guild_id=5)
    await given.row(database, guild_id=5, user_id=9)
    await given.row(database, **DONE, guild_id=6, site="reddit")
    statistics = Statistics(database)
    figures = await statistics.figures(Period.ALL, guild_id=5)
    assert figures == Figures(done=3, failed=1, cancelled=1, running=1, waiting=1, bytes=207, mean_seconds=20.0)
    assert (figures.total, figures.success) == (7, 0.75)
    assert (await statistics.figures(Period.ALL)).done == 4
    assert (await statistics.figures(Period.ALL, guild_id=5, user_id=9)).total == 1
    assert (await statistics.figures(Period.ALL, guild_id=5, site="reddit")) == Figures()
    assert await statistics.by_site(Period.ALL, guild_id=5) == [
        SiteFigures("youtube", Figures(done=2, failed=1, bytes=200, mean_seconds=20.0), "LoginRequired")
    ]


async def test_a_playlist_counts_by_its_entries(database: Database) -> None:
    parent = await given.row(database, status="downloaded", upload=0)
    await given.row(database, **DONE, parent_id=parent)
    await given.row(database, status="failed", parent_id=parent)
    figures = await Statistics(database).figures(Period.ALL)
    assert (figures.total, figures.done, figures.failed) == (2, 1, 1)


async def test_a_period_begins_when_downloads_were_added(database: Database, hand: Hand) -> None:
    for _ in range(3):
        await given.row(database, **DONE)
    await hand("UPDATE downloads SET added_at = '2020-01-01 00:00:00' WHERE id = 1")
    statistics = Statistics(database)
    assert [(await statistics.figures(period)).done for period in Period] == [2, 2, 2, 2, 3]


async def test_nothing_has_no_success_rate(database: Database) -> None:
    assert (await Statistics(database).figures(Period.DAY)).success is None
    assert await Statistics(database).by_site(Period.DAY) == []
