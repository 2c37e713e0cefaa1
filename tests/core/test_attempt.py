"""One try at one row: how it may end, and that its end is recorded. For every kind of database."""

import asyncio
from pathlib import Path

import pytest

from core.attempt import Done
from core.database import Database
from core.errors import BossBotError, DaemonUnavailable, MediaNotFound, RequestRefused, SourceUnreachable
from core.models import UPLOAD_STAGE, Download, Settlement, Status
from core.queries import Queries, seconds_between
from core.store import Store
from tests.conftest import Hand
from tests.core import given
from tests.core.seen import row, status_is
from tests.core.worker import DONE, Work, working
from tests.support.processes import wait_until


@pytest.mark.parametrize(
    ("error", "status", "attempts", "delay"),
    [
        (SourceUnreachable(), Status.PENDING, 1, 100),
        (SourceUnreachable(retry_after=1000.0), Status.PENDING, 1, 1000),
        (DaemonUnavailable(), Status.PENDING, 0, 5),
        (MediaNotFound("Nothing is here."), Status.FAILED, 1, None),
        (RequestRefused("The option quality='4k' means nothing."), Status.FAILED, 1, None),  # a hand edit
    ],
    ids=repr,
)
async def test_an_error_is_tried_again_or_ends_the_row(
    database: Database,
    work: Work,
    tmp_path: Path,
    error: BossBotError,
    status: Status,
    attempts: int,
    delay: int | None,
) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        raise error

    work.answer = answer
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun and worker.loop.running == 0)
        now = await row(database, download_id)

    assert (now.status, now.attempts) == (status, attempts)
    assert (now.error_kind, now.error, now.failed_stage) == (error.kind, str(error), "download")
    assert (now.finished_at is not None) == (status is Status.FAILED)
    if delay is None:
        assert now.available_at is None
    else:
        assert now.available_at is not None
        settled = (await Queries(database).history(download_id))[-1].at
        assert abs(seconds_between(settled, now.available_at) - delay) <= 1


async def test_who_wants_no_retries_hears_of_the_first_failure(database: Database, work: Work, tmp_path: Path) -> None:
    download_id = await given.row(database, auto_retry=0)
    errors = iter((DaemonUnavailable(), SourceUnreachable()))

    async def answer(claim: Download) -> Done:
        raise next(errors)

    work.answer = answer
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun and worker.loop.running == 0)
        assert (await row(database, download_id)).status is Status.PENDING, "not the site's fault, so it counts nothing"
        await database.write(lambda connection: connection.exec_driver_sql("UPDATE downloads SET available_at = NULL"))
        await status_is(database, download_id, Status.FAILED)
    assert (await row(database, download_id)).error_kind == "SourceUnreachable"


async def test_the_last_try_fails_the_row(database: Database, work: Work, tmp_path: Path) -> None:
    download_id = await given.row(database, status="downloaded", attempts=2)

    async def answer(claim: Download) -> Done:
        raise SourceUnreachable

    work.answer = answer
    async with working(database, work, tmp_path, stage=UPLOAD_STAGE):
        failed = await status_is(database, download_id, Status.FAILED)
    assert (failed.attempts, failed.failed_stage) == (3, "upload")


async def test_an_unexpected_error_is_logged_with_its_traceback_and_tried_again(
    database: Database, work: Work, tmp_path: Path, log: list[str]
) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        raise ZeroDivisionError("deep inside")

    work.answer = answer
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun and worker.loop.running == 0)
        now = await row(database, download_id)

    assert (now.status, now.attempts, now.error_kind) == (Status.PENDING, 1, "Unexpected")
    assert now.error is not None
    assert "deep inside" not in now.error
    (line,) = [line for line in log if "unexpected error" in line]
    assert "ZeroDivisionError: deep inside" in line
    assert "Traceback" in line


async def test_work_that_cancels_itself_is_an_error_and_does_not_spin(
    database: Database, work: Work, tmp_path: Path
) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        raise asyncio.CancelledError

    work.answer = answer
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun and worker.loop.running == 0)
        now = await row(database, download_id)
    assert (now.status, now.attempts, now.error_kind, len(work.begun)) == (Status.PENDING, 1, "Unexpected", 1)


@pytest.mark.parametrize("error", [SourceUnreachable(), OSError("torn down")], ids=repr)
async def test_an_error_while_work_is_interrupted_costs_no_attempt(
    database: Database, hand: Hand, work: Work, tmp_path: Path, error: Exception
) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None
        return DONE

    work.answer = answer
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun)
        await hand("UPDATE downloads SET paused = 1")
        await wait_until(lambda: worker.loop.running == 0)
        now = await row(database, download_id)
    assert (now.status, now.attempts, now.error_kind, now.available_at) == (Status.PENDING, 0, None, None)


async def test_a_settlement_that_the_schema_refuses_becomes_an_error(
    database: Database, work: Work, tmp_path: Path, log: list[str]
) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        return Done(Settlement(Status.DOWNLOADED, {"progress": 101}))

    work.answer = answer
    async with working(database, work, tmp_path):

        async def settled() -> bool:
            return (await row(database, download_id)).error_kind is not None

        await wait_until(settled)
        now = await row(database, download_id)
    assert (now.status, now.error_kind, now.attempts) == (Status.PENDING, "Unexpected", 1)
    assert any("could not record" in line for line in log)


async def test_work_that_was_done_is_recorded_although_the_runner_ends(database: Database, tmp_path: Path) -> None:
    download_id = await given.row(database)
    work = Work()

    class Slow(Store):
        async def settle(self, *args: object, **kwargs: object) -> bool:
            settling.set()
            await asyncio.sleep(0.3)
            return await super().settle(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

    settling = asyncio.Event()
    async with working(database, work, tmp_path, store_type=Slow) as worker:
        await wait_until(lambda: work.begun)
        work.finish.set()
        await settling.wait()
        await worker.end()
    row = await Queries(database).get(download_id)
    assert row is not None
    assert row.status is Status.DOWNLOADED


async def test_a_settlement_waits_until_the_database_is_there_again(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    download_id = await given.row(database)
    work = Work()
    away = True

    class Away(Store):
        async def settle(self, claim: Download, settlement: Settlement, **kwargs: object) -> bool:
            if away:
                raise ConnectionRefusedError("no server")
            return await super().settle(claim, settlement, **kwargs)  # type: ignore[arg-type]  # handed on

    async with working(database, work, tmp_path, store_type=Away) as worker:
        await wait_until(lambda: work.begun)
        work.finish.set()
        await wait_until(lambda: work.active == 0)
        assert worker.loop.running == 1, "it keeps its place"
        away = False
        await wait_until(lambda: worker.loop.running == 0)
    row = await Queries(database).get(download_id)
    assert row is not None
    assert (row.status, row.epoch) == (Status.DOWNLOADED, 1)
