"""The retry policy: a pure value, so examples and properties say all about it."""

import math

import pytest
from hypothesis import given as examples
from hypothesis import strategies as some

from core import errors
from core.errors import BossBotError, DaemonUnavailable, MediaNotFound, RateLimited, SourceUnreachable
from core.retry_handler import FREE_RETRY_DELAY, RetryPolicy

LONGEST = RetryPolicy(max_retries=5, base_delay=30.0, max_delay=200.0, jitter=lambda _low, high: high)


def _all_errors(root: type[BossBotError]) -> list[type[BossBotError]]:
    return [root, *(error for child in root.__subclasses__() for error in _all_errors(child))]


ERRORS = [error for error in _all_errors(BossBotError) if error.__module__ == errors.__name__]


@pytest.mark.parametrize(("attempts", "delay"), [(1, 30), (2, 60), (3, 120), (4, 200), (5, 200), (6, None)])
def test_waits_double_up_to_a_bound_and_then_it_gives_up(attempts: int, delay: int | None) -> None:
    assert LONGEST.delay_after(SourceUnreachable(), attempts) == delay


def test_the_jitter_is_full() -> None:
    policy = RetryPolicy(base_delay=30.0)
    delays = [policy.delay_after(SourceUnreachable(), 1) for _ in range(200)]
    assert all(delay is not None and 0 <= delay <= 30 for delay in delays)
    assert len({round(delay or 0) for delay in delays}) > 15


def test_what_the_site_asks_for_is_obeyed_within_the_bound() -> None:
    assert LONGEST.delay_after(RateLimited(retry_after=150.0), 1) == 150
    assert LONGEST.delay_after(RateLimited(retry_after=1e9), 1) == 200
    assert LONGEST.delay_after(RateLimited(retry_after=1.0), 1) == 30


def test_a_final_error_is_not_tried_again_and_a_free_one_always() -> None:
    assert LONGEST.delay_after(MediaNotFound(), 1) is None
    assert LONGEST.delay_after(DaemonUnavailable(), 10_000) == FREE_RETRY_DELAY


@examples(
    error=some.sampled_from(ERRORS),
    attempts=some.integers(1, 10**6),
    retries=some.integers(0, 10**6),
    base=some.floats(0, 1e6),
    longest=some.floats(0, 1e6),
    retry_after=some.none() | some.floats(),
)
def test_a_delay_is_always_finite_bounded_and_not_negative(
    error: type[BossBotError], attempts: int, retries: int, base: float, longest: float, retry_after: float | None
) -> None:
    policy = RetryPolicy(max_retries=retries, base_delay=base, max_delay=longest)
    delay = policy.delay_after(error(retry_after=retry_after), attempts)
    if not error.transient or (error.costs_attempt and attempts > retries):
        assert delay is None
    else:
        assert delay is not None
        assert math.isfinite(delay)
        assert 0 <= delay <= max(longest, FREE_RETRY_DELAY)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_a_sentence_and_has_its_place_in_the_tree(error: type[BossBotError]) -> None:
    assert str(error())[0].isupper()
    assert str(error()).endswith(".")
    assert str(error("Another sentence.")) == "Another sentence."
    assert error().kind == error.__name__
    assert error.__name__ in (errors.__doc__ or "")
    assert error.__doc__
