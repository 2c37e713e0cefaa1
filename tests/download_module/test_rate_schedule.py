"""Rates by hours of the day."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from download_module.rate_schedule import parse_schedule

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        (time(21, 59), 2 * MIB),
        (time(22, 0), 0),
        (time(23, 59, 59), 0),
        (time(0, 0), 0),
        (time(5, 59), 0),
        (time(6, 0), 2 * MIB),
    ],
)
def test_a_span_may_go_past_midnight(at: time, rate: int) -> None:
    assert parse_schedule("22:00-06:00=0, 06:00-22:00=2M").rate_at(at) == rate


def test_the_first_span_counts_and_hours_without_one_say_nothing() -> None:
    schedule = parse_schedule("8:00-9:30=500K,9:00-12:00=1.5M,")
    assert schedule.rate_at(time(9, 15)) == 500 * 1024
    assert schedule.rate_at(time(9, 30)) == int(1.5 * MIB)
    assert schedule.rate_at(time(7, 59)) is None
    assert parse_schedule(" ").rate_at(time(1)) is None


def test_a_day_may_end_at_24() -> None:
    assert parse_schedule("18:00-24:00=7").rate_at(time(23, 59)) == 7
    assert parse_schedule("00:00-24:00=7").rate_at(time(12)) == 7


@pytest.mark.parametrize("text", ["22-6=0", "25:00-06:00=0", "10:00-10:00=1", "10:60-11:00=1", "1:00-2:00", "x"])
def test_what_is_no_span_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no span of the day with a rate\. Write 22:00-06:00=0"):
        parse_schedule(f"06:00-22:00=2M, {text}")


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59), st.times())
def test_every_minute_is_in_a_span_or_in_its_complement(a: int, b: int, c: int, d: int, at: time) -> None:
    if (a, b) == (c, d):
        return
    inside = parse_schedule(f"{a}:{b:02}-{c}:{d:02}=1").rate_at(at)
    outside = parse_schedule(f"{c}:{d:02}-{a}:{b:02}=1").rate_at(at)
    assert (inside is None) is not (outside is None)
