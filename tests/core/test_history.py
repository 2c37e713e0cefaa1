"""Figures over time: a week of downloads, summed up by hours and days. The same for every kind of database."""

import contextlib
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.history import DAY, DAYS_KEPT, HOUR, TIME, History, now_of
from core.history_measures import Figure, Measure, measure
from core.history_reading import HistoryReader, Sum
from core.models import UPLOAD_STAGE, Settlement, Status
from core.tables import events, history
from tests.conftest import Hand
from tests.core import given

DISK = {"used": 70.0, "free": 30.0}
MOVES = (  # seconds after the request, where to, which claim
    (0, "pending", None),
    (4, "extracting", 1),
    (6, "downloading", 1),
    (46, "downloaded", 1),
    (47, "uploading", 2),
    (57, "uploaded", 2),
)


async def delivered(connection: AsyncConnection, number: int, at: datetime, **columns: Any) -> None:
    """The events of a download that was asked for at that time, fetched in 40 seconds and delivered."""
    rows = [
        {
            "download_id": number,
            "at": (at + timedelta(seconds=after)).strftime(TIME),
            "actor": "test",
            "moved_to": to,
            "epoch": epoch,
            "guild_id": columns.get("guild_id", 5),
            "site": columns.get("site", "youtube"),
            "bytes": 1000 if to in ("downloaded", "uploaded") else None,
        }
        for after, to, epoch in MOVES
    ]
    await connection.execute(insert(events), rows)


async def failed(connection: AsyncConnection, number: int, at: datetime) -> None:
    note = {"download_id": number, "at": at.strftime(TIME), "actor": "test"}
    of_reddit = note | {"guild_id": 6, "site": "reddit", "epoch": 1}
    await connection.execute(insert(events).values(**of_reddit, moved_to="extracting"))
    await connection.execute(insert(events).values(**of_reddit, moved_to="failed", error_kind="RateLimited"))
    await connection.execute(insert(events).values(**note, moved_to="failed", note="help asked"))  # nothing ends by it


async def a_week(database: Database, days: int = 7) -> datetime:
    """One delivery each 6 hours for so many days, a failure each day; the present."""

    async def work(connection: AsyncConnection) -> datetime:
        now = await now_of(connection)
        for number in range(days * 4):
            await delivered(connection, number, now - number * 6 * HOUR - timedelta(minutes=5))
        for number in range(days):
            await failed(connection, 1000 + number, now - number * DAY - timedelta(minutes=1))
        return now

    return await database.write(work)


async def test_a_week_of_downloads_is_summed_up_once_however_often_it_is_computed(
    database: Database, hand: Hand
) -> None:
    await a_week(database)
    keeper = History(database)
    assert await keeper.roll_up() > 6 * 24, "all that is kept, for it was never computed"
    once = await hand("SELECT * FROM history ORDER BY 1, 2, 3, 4, 5, 6")
    assert await keeper.roll_up() in (2, 3), "the hours that are not final"
    assert await hand("SELECT * FROM history ORDER BY 1, 2, 3, 4, 5, 6") == once
    reader = HistoryReader(database)
    days = await reader.series(Measure.ENDED, count=8, details=("uploaded",))
    assert sum(point.number for point in days) == 28
    assert len(await reader.series(Measure.ENDED, count=48, step=HOUR)) == 48
    figures = await reader.figures(30, guild_id=5)
    assert (figures.done, figures.failed, figures.bytes) == (28, 0, 28_000)
    assert (await reader.figures(30)).success == 28 / 35
    assert (await reader.figures(30, site="reddit")).failed == 7
    totals = await reader.totals()
    assert totals["seconds", "youtube", "transfer 60"] == Sum(28, 28 * 40.0)
    assert totals["seconds", "youtube", "wait 5"] == Sum(28, 28 * 4.0)
    assert totals["seconds", "youtube", "whole 60"] == Sum(28, 28 * 53.0)
    assert totals["errors", "reddit", "RateLimited"] == Sum(7, 7)


async def test_totals_are_true_before_and_after_they_are_summed_up(database: Database, hand: Hand) -> None:
    await a_week(database, days=2)
    reader = HistoryReader(database)
    before = await reader.totals()
    assert before["ended", "youtube", "uploaded"] == Sum(8, 8000.0)
    await History(database).roll_up()
    assert await reader.totals() == before

    async def now_another(connection: AsyncConnection) -> None:
        await delivered(connection, 99, await now_of(connection) - timedelta(minutes=1))

    await database.write(now_another)
    assert (await reader.totals())["ended", "youtube", "uploaded"].number == 9, "not summed up yet"
    await hand("DELETE FROM downloads")
    assert (await reader.totals())["ended", "youtube", "uploaded"].number == 9


async def test_hours_that_nobody_was_there_for_are_caught_up(database: Database, hand: Hand) -> None:
    now = await a_week(database, days=3)
    keeper, reader = History(database), HistoryReader(database)
    await keeper.roll_up()
    whole = await reader.totals()
    since = (now - timedelta(hours=30)).strftime(TIME)
    await hand(f"DELETE FROM history WHERE span = 'hour' AND at > '{since}'")
    await hand(f"DELETE FROM history WHERE span = 'day' AND at > '{since}'")
    assert 30 <= await keeper.roll_up() <= 32
    assert sum(point.number for point in await reader.series(Measure.ENDED, count=5, details=("uploaded",))) == 12
    assert await reader.totals() == whole


async def test_what_is_older_than_a_year_stays_in_the_totals(database: Database, hand: Hand) -> None:
    async def long_ago(connection: AsyncConnection) -> None:
        now = await now_of(connection)
        for number in range(3):
            at = (now - DAYS_KEPT - (number + 2) * DAY).replace(hour=0, minute=0, second=0).strftime(TIME)
            row = {"measure": "ended", "guild_id": 5, "site": "youtube", "detail": "uploaded", "number": 10}
            await connection.execute(insert(history).values(span="day", at=at, **row, total=100.0, most=9.0))

    keeper, reader = History(database), HistoryReader(database)
    for _ in range(2):
        await database.write(long_ago)
        await keeper.roll_up()
    assert (await reader.totals())["ended", "youtube", "uploaded"] == Sum(60, 600.0)
    assert await hand("SELECT span, number FROM history WHERE measure = 'ended'") == [("ever", 60)]
    old = await hand("SELECT count(*) FROM history WHERE span = 'hour'")
    assert old[0][0] <= 8 * 24 + 1


async def test_the_queue_and_the_disk_are_sampled(database: Database) -> None:
    keeper, reader = History(database), HistoryReader(database)
    await keeper.sample(DISK)
    for _ in range(3):
        await given.row(database)
    await given.row(database, status="downloading", download_speed=500)
    await given.row(database, available_at="2099-01-01 00:00:00")
    await keeper.sample(DISK)
    (waiting,) = await reader.series(Measure.WAITING, count=1, step=HOUR)
    assert (waiting.number, waiting.mean, waiting.most) == (2, 1.5, 3)
    (speed,) = await reader.series(Measure.SPEED, count=1, step=HOUR)
    assert speed.most == 500
    (used,) = await reader.series(Measure.DISK, count=1, step=HOUR, details=("used",))
    assert used.mean == 70
    await keeper.roll_up()
    assert (await reader.series(Measure.WAITING, count=1))[0].most == 3


async def test_real_moves_are_measured(database: Database) -> None:
    """What runners write is what figures are computed from."""
    await given.row(database, guild_id=5)
    downloader, uploader = given.runner(database), given.runner(database, "runner-2", UPLOAD_STAGE)
    claim = await given.claimed(downloader)
    await downloader.enter_site(claim, site="youtube", media_id="x")
    await downloader.move(claim, Status.DOWNLOADING, extractor="ytdlp")
    await downloader.settle(claim, Settlement(Status.DOWNLOADED, {"file_size": 700}))
    claim = await given.claimed(uploader)
    await uploader.settle(claim, Settlement(Status.DOWNLOADED, {"error_kind": "SendFailed", "error": "no"}))
    claim = await given.claimed(uploader)
    await uploader.settle(claim, Settlement(Status.UPLOADED))
    totals = await HistoryReader(database).totals()
    assert totals["ended", "youtube", "fetched"] == Sum(1, 700.0)
    assert totals["ended", "youtube", "uploaded"] == Sum(1, 700.0)
    assert totals["errors", "youtube", "SendFailed"].number == 1
    stages = {detail.split()[0] for name, _, detail in totals if name == Measure.SECONDS}
    assert stages == {"wait", "extract", "transfer", "deliver", "whole"}


async def test_compressed_files_are_counted_before_and_after(database: Database, hand: Hand) -> None:
    await given.row(database, status="uploaded")
    for number, size in enumerate((900, 100)):
        await hand(
            "INSERT INTO media_files (download_id, position, path, kind, bytes, fitted_from) "
            f"VALUES (1, {number}, '/{number}', 'video', {size}, {'1' if number else 'NULL'})"
        )
    await hand("INSERT INTO events (download_id, actor, epoch, moved_to) VALUES (1, 'test', 2, 'uploaded')")
    totals = await HistoryReader(database).totals()
    assert totals["compressed", "", "before"] == Sum(1, 900.0)
    assert totals["compressed", "", "after"] == Sum(1, 100.0)


async def test_a_clock_that_was_set_back_does_not_stop_the_figures(database: Database) -> None:
    keeper = History(database)
    await keeper.roll_up()

    async def from_the_future(connection: AsyncConnection) -> None:
        at = (await now_of(connection) + 30 * DAY).replace(minute=0, second=0).strftime(TIME)
        await connection.execute(
            insert(history).values(
                span="hour", at=at, measure="computed", guild_id=0, site="", detail="", number=1, total=0, most=0
            )
        )

    await database.write(from_the_future)
    await a_week(database, days=1)
    await keeper.roll_up()
    assert (await HistoryReader(database).series(Measure.ENDED, count=1, details=("failed",)))[0].number >= 0
    assert (await HistoryReader(database).totals())["ended", "youtube", "uploaded"].number >= 1


async def test_others_write_while_it_is_measured(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    await a_week(database, days=2)
    seen: list[str] = []

    async def measured(connection: AsyncConnection, at: str, end: str) -> list[Figure]:
        with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None, timeout=0)) as shell:
            shell.execute("BEGIN IMMEDIATE")
        seen.append(at)
        return await measure(connection, at, end)

    monkeypatch.setattr("core.history.measure", measured)
    assert await History(database).roll_up() == len(seen) > 24
    await database.close()
