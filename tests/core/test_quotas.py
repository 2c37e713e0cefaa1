"""Bytes by server and member in 24 hours, and bytes kept: the same for every kind of database."""

from datetime import UTC, datetime, timedelta

import pytest

from core.database import Database
from core.errors import OverQuota, QuotaExceeded
from core.models import Request
from core.quotas import QuotaBook, Quotas
from core.requests import Requests
from tests.core import given

MIB = 1024 * 1024
HERE = {"user_id": 7, "guild_id": 5}
REQUEST = Request(url="http://site.test/a.mp4", user_id=7, guild_id=5)


def ago(**time: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**time):%Y-%m-%d %H:%M:%S}"


async def test_a_server_that_fetched_its_share_is_told_when_there_is_room_again(database: Database) -> None:
    requests, quotas = Requests(database, actor="test"), Quotas(guild_day=100 * MIB)
    first = ago(hours=20)
    for started_at, size in ((ago(hours=25), 900), (first, 30), (ago(hours=2), 50)):
        await given.row(database, status="uploaded", started_at=started_at, downloaded_bytes=size * MIB, **HERE)
    await requests.submit(REQUEST, quotas=quotas)  # 80 of 100
    await given.row(database, status="downloading", started_at=ago(hours=1), file_size=20 * MIB, **HERE)
    free = datetime.fromisoformat(first) + timedelta(hours=24)
    with pytest.raises(OverQuota, match=rf"may fetch 100 MiB within 24 hours, .* after {free:%H:%M} UTC"):
        await requests.submit(REQUEST, quotas=quotas)
    await requests.submit(Request(url=REQUEST.url, user_id=7, guild_id=6), quotas=quotas)
    await requests.submit(REQUEST)


async def test_a_member_has_one_share_on_all_servers(database: Database) -> None:
    requests, quotas = Requests(database, actor="test"), Quotas(member_day=10 * MIB)
    for guild_id in (5, None):
        await given.row(database, started_at=ago(hours=1), downloaded_bytes=5 * MIB, user_id=7, guild_id=guild_id)
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
    await given.row(database, started_at=ago(hours=1), downloaded_bytes=60 * MIB, status="uploaded", **HERE)
    await given.row(database, downloaded_bytes=5 * MIB, **HERE)  # an earlier try of its own does not count against it
    claim = await given.claimed(given.runner(database))
    left = await QuotaBook(database, Quotas(guild_day=100 * MIB, member_day=80 * MIB)).left(claim)
    assert left is not None
    assert left.bytes == 20 * MIB
    assert str(left.error).startswith("You may fetch 80 MiB")
    assert await QuotaBook(database, Quotas()).left(claim) is None
    with pytest.raises(QuotaExceeded, match="may fetch 60 MiB"):
        await QuotaBook(database, Quotas(guild_day=60 * MIB)).left(claim)
