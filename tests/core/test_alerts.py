"""Warnings: when there is one, how long it lasts, and that it is told once."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.alert_book import AlertBook
from core.alert_rules import BACKUP, AlertLimits, Facts, judge
from core.database import Database
from core.history_measures import Measure
from core.library_age import days_since_release
from core.queries import Runner
from core.snapshot import ChoreState, Snapshot
from tests.conftest import Hand

LIMITS = AlertLimits(
    error_rate=0.5,
    free_space=1000,
    queue_length=100,
    queue_wait=600.0,
    library_days=60,
    backup_hours=48.0,
    lease=10.0,
)
ALIVE = [Runner(f"{kind}@here:1:a", kind, 1, "", "", 1.0) for kind in ("download", "upload")]
MOMENT = {Measure.WAITING: 0.0, Measure.OLDEST: 0.0, Measure.RUNNING: 0.0, Measure.SPEED: 0.0}
QUIET = Snapshot(totals={}, statuses={}, moment=MOMENT, sites={}, runners=ALIVE, chores=[], alerts=[])
WELL = Facts(snapshot=QUIET, ended=40, failed=2, free_space=10_000, library="2026.10.26", library_days=3)


def seen(**snapshot: Any) -> Facts:
    return replace(WELL, snapshot=replace(QUIET, **snapshot))


def test_nothing_is_wrong_on_a_good_day() -> None:
    assert judge(WELL, LIMITS, ()) == {}


@pytest.mark.parametrize(
    ("facts", "name", "word"),
    [
        (replace(WELL, failed=30), "errors", "30 of 40 downloads of the last hour failed (75 %)."),
        (replace(WELL, free_space=900), "disk", "Only 0.0 GiB are free"),
        (seen(moment=MOMENT | {Measure.WAITING: 101.0}), "queue length", "101 downloads wait"),
        (seen(moment=MOMENT | {Measure.OLDEST: 1200.0}), "queue wait", "for 20 minutes"),
        (seen(runners=ALIVE[:1]), "upload runner", "No upload runner"),
        (seen(runners=[ALIVE[0], replace(ALIVE[1], seconds_silent=31.0)]), "upload runner", "No upload runner"),
        (seen(sites={"youtube": "half-open", "reddit": "closed"}), "site youtube", "youtube fails for everybody"),
        (replace(WELL, library_days=61), "library", "yt-dlp 2026.10.26 is 61 days old"),
        (seen(chores=[ChoreState(name="figures", seconds_ago=5.0, failed=True)]), "chore figures", "`figures` failed"),
        (seen(chores=[ChoreState(name=BACKUP, seconds_ago=200_000.0, failed=False)]), "backup", "56 hours old"),
    ],
)
def test_each_limit_has_its_warning(facts: Facts, name: str, word: str) -> None:
    ((found, sentence),) = judge(facts, LIMITS, ()).items()
    assert found == name
    assert word in sentence


@pytest.mark.parametrize(
    ("name", "wrong", "between", "well"),
    [
        ("errors", {"failed": 24}, {"failed": 18}, {"failed": 14}),
        ("disk", {"free_space": 900}, {"free_space": 1200}, {"free_space": 1300}),
    ],
)
def test_a_figure_around_its_limit_does_not_flicker(
    name: str, wrong: dict[str, Any], between: dict[str, Any], well: dict[str, Any]
) -> None:
    assert name in judge(replace(WELL, **wrong), LIMITS, ())
    assert name not in judge(replace(WELL, **between), LIMITS, ()), "it does not begin there"
    assert name in judge(replace(WELL, **between), LIMITS, (name,)), "but it lasts"
    assert name not in judge(replace(WELL, **well), LIMITS, (name,))


def test_a_limit_of_zero_switches_a_warning_off() -> None:
    everything = replace(seen(moment=MOMENT | {Measure.WAITING: 1e6, Measure.OLDEST: 1e6}), failed=40, free_space=0)
    off = AlertLimits(error_rate=0, needed=())
    assert judge(replace(everything, library_days=1000), off, ()) == {}


def test_one_failure_at_night_is_no_rate() -> None:
    assert judge(replace(WELL, ended=3, failed=3), LIMITS, ()) == {}


def test_when_all_sites_fail_it_is_said_once() -> None:
    told = judge(seen(sites=dict.fromkeys("abcdefghij", "open")), LIMITS, ())
    assert len(told) == 6
    assert "10 sites fail" in told["sites"]


async def test_a_warning_is_told_once_and_its_end_once(database: Database, hand: Hand) -> None:
    book = AlertBook(database)
    for sentence in ("It is full.", "It is fuller."):
        await book.update({"disk": sentence})
    (alert,) = await book.untold()
    assert (alert.sentence, alert.ended_at) == ("It is fuller.", None)
    await book.told(alert)
    assert await book.untold() == []
    await book.update({})
    (over,) = await AlertBook(database).untold()
    assert over.ended_at is not None
    await book.told(over)
    assert (await book.untold(), await book.active()) == ([], [])
    await book.update({"disk": "It is full again."})
    assert [one.told_at for one in await book.untold()] == [None]
    await book.update({})
    assert await book.untold() == [], "over before anybody was told"


def test_the_version_of_ytdlp_is_its_day() -> None:
    assert days_since_release("2026.10.26", date(2026, 11, 5)) == 10
    assert days_since_release("1.32.2") is None
    assert days_since_release("(missing)") is None
