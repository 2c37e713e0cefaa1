"""Bytes by server and member in 24 hours, and bytes kept: the same for every kind of database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, text

from core.database import Database
from core.errors import OverQuota, QuotaExceeded
from core.fetched import forget_fetched
from core.models import Request, Settlement, Status
from core.quotas import QuotaBook, Quotas
from core.requests import Ask, Requests
from core.tables import downloads, fetched
from tests.core import given

MIB = 1024 * 1024
HERE = {"user_id": 7, "guild_id": 5}
REQUEST = Request(url="http://site.test/a.mp4", user_id=7, guild_id=5)


def ago(**time: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**time):%Y-%m-%d %H:%M:%S}"


async def came(
    database: Database, mib: int, *, at: str, download_id: int = 99, epoch: int = 1, **who: int | None
) -> None:
    """Bytes that were fetched at some time; `came(..., epoch=2)` for another claim of the same row."""
    row = {"download_id": download_id, "epoch": epoch, "at": at, "bytes": mib * MIB, **who}
    await database.write(lambda connection: connection.execute(insert(fetched).values(**row)))


async def test_a_server_that_fetched_its_share_is_told_when_there_is_room_again(database: Database) -> None:
    requests, quotas = Requests(database, actor="test"), Quotas(guild_day=100 * MIB)
    first = ago(hours=20)
    for number, (at, size) in enumerate(((ago(hours=25), 900), (first, 30), (ago(hours=2), 50))):
        await came(database, size, at=at, epoch=number, **HERE)
    await requests.submit(REQUEST, quotas=quotas)  # 80 of 100
    await given.row(database, status="downloading", file_size=25 * MIB, downloaded_bytes=5 * MIB, **HERE)
    free = datetime.fromisoformat(first) + timedelta(hours=24)
    await given.row(
        database, status="downloading", file_size=5 * MIB, downloaded_bytes=50 * MIB, **HERE
    )  # it had no say
    with pytest.raises(OverQuota, match=rf"may fetch 100 MiB within 24 hours, .* after {free:%H:%M} UTC"):
        await requests.submit(REQUEST, quotas=quotas)
    await requests.submit(Request(url=REQUEST.url, user_id=7, guild_id=6), quotas=quotas)
    await requests.submit(REQUEST)


async def test_a_member_has_one_share_on_all_servers(database: Database) -> None:
    requests, quotas = Requests(database, actor="test"), Quotas(member_day=10 * MIB)
    for number, guild_id in enumerate((5, None)):
        await came(database, 5, at=ago(hours=1), epoch=number, user_id=7, guild_id=guild_id)
    with pytest.raises(OverQuota, match="You may fetch 10 MiB"):
        await requests.submit(REQUEST, quotas=quotas)
    await requests.submit(Request(url=REQUEST.url, user_id=8, guild_id=5), quotas=quotas)
    await requests.submit(Request(url=REQUEST.url), quotas=quotas)  # who asks on the host is nobody's member


async def test_what_is_kept_counts_until_it_is_removed(database: Database) -> None:
    requests, quotas = Requests(database, actor="test"), Quotas(storage=10 * MIB)
    kept = {"file_path": "/downloads/5/2026-01-01/1", "file_size": 10 * MIB}
    await given.row(database, status="uploaded", destination="folder", **kept)  # moved away
    await given.row(database, status="uploaded", file_size=10 * MIB)  # removed
    await requests.submit(REQUEST, quotas=quotas)
    await given.row(database, status="downloaded", upload=0, **kept)
    with pytest.raises(OverQuota, match="keeps 10 MiB of files"):
        await requests.submit(REQUEST, quotas=quotas)


async def test_a_claimed_row_may_have_what_its_tightest_quota_leaves(database: Database) -> None:
    await came(database, 60, at=ago(hours=1), **HERE)
    await given.row(database, file_size=9 * MIB, **HERE)
    claim = await given.claimed(given.runner(database))
    left = await QuotaBook(database, Quotas(guild_day=100 * MIB, member_day=80 * MIB)).left(claim)
    assert left is not None
    assert left.bytes == 20 * MIB  # what it has still to fetch is not taken from itself
    assert str(left.error).startswith("You may fetch 80 MiB")
    assert await QuotaBook(database, Quotas()).left(claim) is None
    used_up = QuotaBook(database, Quotas(guild_day=60 * MIB))
    with pytest.raises(QuotaExceeded, match="may fetch 60 MiB"):
        await used_up.left(claim)
    assert (await used_up.left(claim, here=MIB)) is not None  # which may be all of it


async def test_what_was_cancelled_and_retried_counts_each_time_also_when_its_row_is_gone(database: Database) -> None:
    store, requests = given.runner(database), Requests(database, actor="test")
    quotas = Quotas(member_day=100 * MIB)
    row = await given.row(database, **HERE)
    for _ in range(3):
        claim = await given.claimed(store)
        for arrived in (10, 20):
            await store.add_fetched([(claim, arrived * MIB)])
        await store.settle(claim, Settlement(Status.CANCELLED))
        await store.add_fetched([(claim, MIB)])  # the last of them is counted when the row is given up
        await requests.ask(Ask.RETRY, [row])
    claim = await given.claimed(store)
    left = await QuotaBook(database, quotas).left(claim)
    assert left is not None
    assert left.bytes == 7 * MIB
    await store.add_fetched([(claim, 7 * MIB)])
    await database.write(lambda connection: connection.execute(delete(downloads)))
    with pytest.raises(OverQuota):
        await requests.submit(REQUEST, quotas=quotas)


async def test_what_counts_no_more_is_struck_off(database: Database) -> None:
    await came(database, 1, at=ago(hours=25), **HERE)
    await came(database, 1, at=ago(hours=23), epoch=2, **HERE)
    assert await forget_fetched(database) == "1 claims counted no more"
    left = await database.read(lambda connection: connection.execute(text("SELECT epoch FROM fetched")))
    assert left.scalars().all() == [2]
