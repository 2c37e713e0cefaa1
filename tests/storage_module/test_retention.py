"""How long files stay: a table of rows and hours, on a clock that stands still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.models import Status
from core.preferences import Retention
from core.storage_book import Stored
from storage_module.retention import Hours, Outcome, Rules, due_at, is_due, outcome_of, to_make_room

ENDED = datetime(2026, 9, 30, 12, tzinfo=UTC)
ROW = Stored(
    id=7,
    guild_id=81,
    url="http://site.test/a",
    title=None,
    status=Status.UPLOADED,
    upload=True,
    failed_stage=None,
    file_path="/downloads/81/2026-09-30/7",
    file_size=10,
    epoch=2,
    claimed_by=None,
    added_at="2026-09-30 11:00:00",
    finished_at="2026-09-30 12:00:00",
)
RULES = Rules(hours=Hours(delivered=24, failed=6, undelivered=72, kept=0), guilds={})


@pytest.mark.parametrize(
    ("row", "outcome", "hours"),
    [
        ({"status": Status.UPLOADED}, Outcome.DELIVERED, 24),
        ({"status": Status.UPLOADED, "file_path": None}, Outcome.DELIVERED, 0),  # died before it had removed them
        ({"status": Status.FAILED, "failed_stage": "download"}, Outcome.FAILED, 6),
        ({"status": Status.FAILED, "failed_stage": "upload"}, Outcome.UNDELIVERED, 72),
        ({"status": Status.CANCELLED}, Outcome.CANCELLED, 0),
        ({"status": Status.DOWNLOADED, "upload": False}, Outcome.KEPT, None),
        ({"status": Status.DOWNLOADED, "upload": True}, None, None),
        *(({"status": one}, None, None) for one in (Status.PENDING, Status.DOWNLOADING, Status.UPLOADING)),
        ({"status": Status.UPLOADED, "claimed_by": "upload@here:1"}, None, None),
    ],
)
def test_how_long_files_stay(row: dict[str, Any], outcome: Outcome | None, hours: float | None) -> None:
    one = replace(ROW, **row)
    assert outcome_of(one) is outcome
    due = due_at(one, RULES)
    assert due == (None if hours is None else ENDED + timedelta(hours=hours))
    if due is not None:
        assert not is_due(one, RULES, due - timedelta(seconds=1))
        assert is_due(one, RULES, due)


def test_a_guild_may_keep_longer_or_shorter_or_for_ever() -> None:
    guilds = {81: Retention(delivered=72, failed=0), 82: Retention(kept=1)}
    rules = Rules(hours=RULES.hours, guilds=guilds)
    assert due_at(ROW, rules) == ENDED + timedelta(hours=72)
    assert due_at(replace(ROW, status=Status.FAILED), rules) is None
    assert due_at(replace(ROW, guild_id=82), rules) == ENDED + timedelta(hours=24)
    kept = replace(ROW, guild_id=82, status=Status.DOWNLOADED, upload=False)
    assert due_at(kept, rules) == ENDED + timedelta(hours=1)
    assert due_at(replace(kept, guild_id=None), rules) is None


def test_room_is_made_of_what_is_needed_least_and_of_the_oldest_first() -> None:
    def row(id_: int, status: Status, ended: str, **more: Any) -> Stored:
        return replace(ROW, id=id_, status=status, finished_at=f"2026-09-{ended} 12:00:00", **more)

    rows = [
        row(1, Status.DOWNLOADED, "01", upload=False),  # kept for ever
        row(2, Status.FAILED, "02", failed_stage="upload"),
        row(3, Status.FAILED, "09"),
        row(4, Status.UPLOADED, "20"),
        row(5, Status.UPLOADED, "10"),
        row(6, Status.DOWNLOADED, "01"),  # still to be delivered
        row(7, Status.CANCELLED, "21"),
    ]
    assert [one.id for one in to_make_room(rows, RULES, ENDED)] == [7, 5, 4, 3, 2]


def test_what_has_just_failed_may_be_tried_again_also_when_there_is_no_room() -> None:
    rows = [replace(ROW, id=1, status=Status.FAILED), replace(ROW, id=2)]
    assert [one.id for one in to_make_room(rows, RULES, ENDED + timedelta(minutes=9))] == [2]
    assert [one.id for one in to_make_room(rows, RULES, ENDED + timedelta(minutes=10))] == [2, 1]
