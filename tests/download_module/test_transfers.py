"""A row's transfers together."""

from hypothesis import given
from hypothesis import strategies as st

from core.models import Progress
from download_module.transfers import ENOUGH_TO_GUESS, Amount, gid_of, sum_up

BYTES = st.integers(min_value=0, max_value=10**15)
AMOUNTS = st.builds(Amount, completed=BYTES, total=st.none() | BYTES, speed=BYTES)


@given(st.lists(AMOUNTS, max_size=20))
def test_the_sum_of_any_transfers_fits_into_the_row(amounts: list[Amount]) -> None:
    now = sum_up(amounts)
    assert 0 <= now.progress <= 100
    assert now.downloaded_bytes == sum(amount.completed for amount in amounts)
    assert now.download_speed == sum(amount.speed for amount in amounts)
    assert now.eta_seconds is None or (amounts and now.download_speed > 0)
    known = [amount for amount in amounts if amount.total is not None]
    if len(known) < min(len(amounts), ENOUGH_TO_GUESS):
        assert (now.progress, now.eta_seconds) == (0, None)


def test_percent_and_time_left_come_from_all_parts() -> None:
    now = sum_up([Amount(50, 100, 10), Amount(100, 100, 0), Amount(0, 200, 15)])
    assert now == Progress(
        progress=37.5, downloaded_bytes=150, download_speed=25, eta_seconds=10, activity="downloading"
    )


def test_sizes_that_nobody_knows_are_guessed_by_the_mean_of_the_others() -> None:
    known = [Amount(100, 100), Amount(50, 100), Amount(0, 400)]
    assert sum_up([*known, Amount(), Amount(50)]).progress == 20.0  # 200 of 600 and two of 200
    assert sum_up([*known, Amount(1000)]).progress == 71.9  # 1150 of 600 and 1000
    assert sum_up([*known[:2], Amount()]).progress == 0
    assert sum_up([Amount(600, 600, parts=6), Amount(0, None)]).progress == 85.7


def test_nothing_to_fetch_is_no_division_by_zero() -> None:
    assert sum_up([]).progress == 0


@given(
    st.tuples(st.integers(1, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1)),
    st.tuples(st.integers(1, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1)),
)
def test_gids_are_16_digits_and_differ_for_different_parts(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    assert len(gid_of(*one)) == 16
    assert int(gid_of(*one), 16) > 0
    assert (gid_of(*one) == gid_of(*other)) is (one == other)


@given(st.integers(min_value=1), st.integers(min_value=0), st.integers(min_value=0))
def test_a_gid_has_16_digits_for_any_row(download_id: int, epoch: int, position: int) -> None:
    assert len(gid_of(download_id, epoch, position)) == 16
