"""News is shown at once, numbers seldom."""

import pytest

from cogs.due import Due
from cogs.edit_pace import Pace, Shown
from cogs.faces import Face
from core.models import Batch, Status
from tests.cogs.rows import a_download

PACE = Pace(edit_interval=5.0)
MOVING = Due(a_download(status=Status.DOWNLOADING, progress_message_status=Status.DOWNLOADING))
SHOWN = Shown(face=Face(text="..."), phase="working", status=Status.DOWNLOADING, at=100.0)


@pytest.mark.parametrize(("later", "due"), [(0.5, False), (1.0, False), (4.9, False), (5.0, True), (60.0, True)])
def test_numbers_wait_for_the_interval(later: float, due: bool) -> None:
    assert PACE.is_due(MOVING, SHOWN, 100.0 + later) is due


@pytest.mark.parametrize(("later", "due"), [(0.5, False), (1.0, True)])
def test_a_new_status_waits_for_a_second_at_most(later: float, due: bool) -> None:
    ended = Due(a_download(status=Status.FAILED, progress_message_status=Status.DOWNLOADING))
    assert PACE.is_due(ended, SHOWN, 100.0 + later) is due


def test_what_was_never_shown_is_due_at_once() -> None:
    assert PACE.is_due(MOVING, None, 0.0)


def test_outcomes_go_first_and_what_failed_waits_behind_others() -> None:
    begun, ended = (
        [Due(a_download(id=10 * place + n, status=status, progress_message_status=Status.PENDING)) for n in (1, 2, 3)]
        for place, status in enumerate((Status.EXTRACTING, Status.CANCELLED))
    )
    tried = {11: 70.0, 12: 60.0, 1: 80.0}
    assert PACE.first([*begun, *ended], {}, tried) == [ended[2], ended[1], ended[0], begun[1], begun[2], begun[0]]


def test_news_goes_first_and_then_what_waited_longest() -> None:
    fresh = Due(a_download(id=1, status=Status.DOWNLOADING, progress_message_status=Status.DOWNLOADING))
    old = Due(a_download(id=2, status=Status.DOWNLOADING, progress_message_status=Status.DOWNLOADING))
    news = Due(a_download(id=3, status=Status.UPLOADED, progress_message_status=Status.UPLOADING))
    shown = {
        1: Shown(face=Face(text=""), phase="working", status=Status.DOWNLOADING, at=50.0),
        2: Shown(face=Face(text=""), phase="working", status=Status.DOWNLOADING, at=10.0),
        3: Shown(face=Face(text=""), phase="working", status=Status.UPLOADING, at=60.0),
    }
    assert PACE.first([fresh, old, news], shown, {}) == [news, old, fresh]


def test_a_playlist_moves_until_its_last_entry_is_over() -> None:
    settled = a_download(status=Status.DOWNLOADED, upload=False, progress_message_status=Status.DOWNLOADING)
    moving, over = Due(settled, batch=Batch(3, 1, 1, 0)), Due(settled, batch=Batch(3, 1, 1, 1))
    assert not PACE.is_due(moving, SHOWN, 101.0), "its numbers wait for the interval"
    assert PACE.is_due(over, SHOWN, 101.0), "its end does not"
