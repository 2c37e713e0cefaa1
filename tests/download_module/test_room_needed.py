"""The room that a row asks for before anything is fetched."""

from pathlib import Path

import pytest

from core.database import Database
from core.room import Disk
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.room_needed import take_room
from download_module.staging import Staging
from tests.conftest import Hand
from tests.core import given
from tests.download_module.given import MIB

OUTPUT = Output(filename="a.bin", kind=Kind.DOCUMENT, parts=(Part(uris=("https://site.test/a",)),))


@pytest.mark.parametrize(("estimate", "promised"), [(MIB, MIB), (2**60, None)])
async def test_an_estimate_that_no_disk_could_hold_is_not_waited_for(
    database: Database, hand: Hand, tmp_path: Path, estimate: int, promised: int | None
) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    plan = DownloadPlan(source_url=claim.url, extractor="test", outputs=(OUTPUT,), estimate=estimate)
    disk = Disk(directory=tmp_path, reserve=0)
    await take_room(store, disk, claim, plan, Staging(tmp_path / "staging", tmp_path))
    assert await hand("SELECT room_needed FROM downloads") == [(promised,)]
