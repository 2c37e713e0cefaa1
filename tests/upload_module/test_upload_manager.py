"""Which files go into which message."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies

from tests.support.discord_server import MIB
from tests.upload_module.given import media_file
from upload_module.upload_manager import Limits, in_units, plan_messages, too_large

LIMITS = Limits(file=20, message=25, files=3)


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ([], []),
        ([5], [[5]]),
        ([5, 5, 5], [[5, 5, 5]]),
        ([5, 5, 5, 5], [[5, 5, 5], [5]]),
        ([20, 5], [[20, 5]]),
        ([20, 6], [[20], [6]]),
        ([6, 20, 4], [[6], [20, 4]]),
        ([0, 0, 0, 0], [[0, 0, 0], [0]]),
    ],
)
def test_messages_are_filled_in_order(sizes: list[int], messages: list[list[int]]) -> None:
    planned = plan_messages([media_file(n, size) for n, size in enumerate(sizes)], LIMITS)
    assert [[file.bytes for file in message] for message in planned] == messages


def test_a_file_larger_than_a_message_goes_alone() -> None:
    limits = Limits(file=100, message=25)
    planned = plan_messages([media_file(n, size) for n, size in enumerate([5, 60, 5])], limits)
    assert [[file.bytes for file in message] for message in planned] == [[5], [60], [5]]


@given(strategies.lists(strategies.integers(0, 20), max_size=30))
def test_every_file_is_in_one_message_that_keeps_all_limits(sizes: list[int]) -> None:
    files = [media_file(n, size) for n, size in enumerate(sizes)]
    planned = plan_messages(files, LIMITS)
    assert [file for message in planned for file in message] == files
    for message in planned:
        assert 1 <= len(message) <= LIMITS.files
        assert len(message) == 1 or sum(file.bytes for file in message) <= LIMITS.message
    for earlier, later in pairwise(planned):
        full = len(earlier) == LIMITS.files or sum(file.bytes for file in earlier) + later[0].bytes > LIMITS.message
        assert full, "a message is begun only when the one before has no room"


def test_a_file_over_the_limit_is_named_with_its_size_the_limit_and_its_place() -> None:
    refused = too_large([media_file(1, int(31.2 * MIB), "clip\u202e.mp4")], Limits(file=20 * MIB, message=25), total=1)
    assert str(refused) == (
        "clip.mp4 is 31.2 MiB; this server takes 20 MiB per file, and it can't be made to fit. "
        "It is kept on the bot's machine: 7/clip.mp4. Ask for a smaller version of it."
    )


def test_what_was_delivered_besides_is_said() -> None:
    refused = too_large([media_file(1, 30 * MIB)], Limits(file=20 * MIB, message=25), total=3)
    assert str(refused).startswith("2 of 3 files are delivered. 1.mp4 is 30 MiB;")


def test_more_files_over_the_limit_are_counted_and_some_are_named() -> None:
    refused = str(too_large([media_file(n, 30 * MIB) for n in range(5)], Limits(file=20 * MIB, message=25), total=5))
    assert "4 more are too large as well" in refused
    assert "7/0.mp4, 7/1.mp4, 7/2.mp4 ..." in refused


@pytest.mark.parametrize(
    ("size", "shown", "shown_up"),
    [
        (0, "0 bytes", "0 bytes"),
        (1023, "1023 bytes", "1023 bytes"),
        (1024, "1 KiB", "1 KiB"),
        (20 * MIB, "20 MiB", "20 MiB"),
        (20 * MIB + 1, "20 MiB", "20.1 MiB"),
        (20 * MIB - 1, "19.9 MiB", "20 MiB"),
        (3 * 1024 * MIB, "3 GiB", "3 GiB"),
    ],
)
def test_sizes_are_rounded_away_from_fitting(size: int, shown: str, shown_up: str) -> None:
    assert (in_units(size), in_units(size, up=True)) == (shown, shown_up)
