"""`cancel`, `pause`, `resume`, `retry` say for each number what happened."""

from typing import Any

import pytest

from core.models import Settlement, Status
from tests.cli.conftest import Ctl, Given, Play


async def _rows(given: Given) -> None:
    """1 waits, 2 rests, 3 runs, 4 failed, 5 is delivered, 6 is kept."""
    failed = await given.claimed("https://a.example/4")
    await given.downloader.settle(failed, Settlement(Status.FAILED, {"error": "No.", "failed_stage": "download"}))
    delivered = await given.claimed("https://a.example/5")
    await given.downloader.settle(delivered, Settlement(Status.DOWNLOADED))
    upload = await given.uploader.claim()
    assert upload is not None
    await given.uploader.settle(upload, Settlement(Status.UPLOADED))
    kept = await given.claimed("https://a.example/6", upload=False)
    await given.downloader.settle(kept, Settlement(Status.DOWNLOADED))
    await given.claimed("https://a.example/running")
    await given.row("https://a.example/waiting")
    resting = await given.row("https://a.example/resting")
    await given.requests.ask("pause", [resting])  # type: ignore[arg-type]  # the member's value is as good


FAILED, DELIVERED, KEPT, RUNNING, WAITING, RESTING = range(1, 7)


@pytest.mark.parametrize(
    ("command", "id_", "status", "told"),
    [
        ("cancel", WAITING, 0, "cancel asked: https://a.example/waiting"),
        ("cancel", RUNNING, 0, "cancel asked"),
        ("cancel", DELIVERED, 1, "nothing to cancel: it is uploaded"),
        ("cancel", KEPT, 1, "nothing to cancel: it is downloaded"),
        ("cancel", 99, 1, "no such download"),
        ("pause", RUNNING, 0, "pause asked"),
        ("pause", RESTING, 1, "nothing to pause: it is paused"),
        ("pause", FAILED, 1, "nothing to pause: it is failed"),
        ("resume", RESTING, 0, "resume asked"),
        ("resume", WAITING, 1, "nothing to resume: it is not paused"),
        ("resume", DELIVERED, 1, "nothing to resume: it is uploaded"),
        ("prioritize high", WAITING, 0, "prioritize asked: https://a.example/waiting"),
        ("prioritize normal", WAITING, 1, "nothing to prioritize: it has that priority already"),
        ("prioritize low", FAILED, 1, "nothing to prioritize: it is failed"),
        ("retry", FAILED, 0, "retry asked"),
        ("retry", RUNNING, 1, "nothing to retry: it is extracting"),
        ("retry", DELIVERED, 1, "nothing to retry: it is uploaded"),
    ],
)
def test_each_number_gets_its_answer(
    ctl: Ctl, play: Play[None], command: str, id_: int, status: int, told: str
) -> None:
    play(_rows)
    done = ctl(*command.split(), id_)
    assert (done.status, done.err) == (status, "")
    assert done.out.startswith(f"#{id_} ")
    assert told in done.out


def test_one_that_is_not_possible_does_not_stop_the_others(ctl: Ctl, play: Play[Any]) -> None:
    play(_rows)
    done = ctl("cancel", "--json", WAITING, 99, DELIVERED, RUNNING)
    assert done.status == 1
    assert [(answer["id"], answer["asked"], answer["status"]) for answer in done.json] == [
        (WAITING, True, "pending"),
        (99, False, None),
        (DELIVERED, False, "uploaded"),
        (RUNNING, True, "extracting"),
    ]
    rows = play(lambda given: given.queries.find([WAITING, RUNNING, DELIVERED]))
    assert [row.cancelled for row in rows] == [False, True, True]
    assert "cancelling" in ctl("list").out


def test_the_history_names_the_command_line(ctl: Ctl, play: Play[Any]) -> None:
    play(_rows)
    ctl("pause", WAITING)
    history = ctl("show", WAITING, "--json").json["history"]
    assert (history[-1]["actor"], history[-1]["note"]) == ("cli", "pause asked")


def test_a_number_is_a_number(ctl: Ctl) -> None:
    done = ctl("cancel", "seven")
    assert done.status == 2
    assert "valid integer" in done.err
