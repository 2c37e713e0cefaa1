"""Where media is cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from upload_module.fitting.source_packets import BIN, SourcePackets, Stretch
from upload_module.fitting.splitter import FILE_BYTES, FILL, cuts


def packets(sizes: list[int], every: int) -> SourcePackets:
    """One packet in each bin, a key frame in each `every`th."""
    found = SourcePackets(seconds=len(sizes) * BIN)
    for number, size in enumerate(sizes):
        found.bins[number] = Stretch(bytes=size, packets=1)
    found.keys = [number * BIN for number in range(0, len(sizes), every)]
    return found


def test_what_fits_is_not_cut() -> None:
    assert cuts(packets([1000] * 100, 10), 200_000) == []


def test_parts_are_as_large_as_they_may_be() -> None:
    assert cuts(packets([1000] * 100, 10), 52_000) == [4.0, 8.0]


def test_without_a_key_frame_where_one_is_needed_there_is_no_way() -> None:
    assert cuts(packets([1000] * 100, 60), 50_000) is None
    assert cuts(packets([1000] * 100, 100), 50_000) is None


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=300), st.integers(1, 20), st.integers(10_000, 200_000))
def test_no_part_is_over_the_limit_and_each_begins_at_a_key_frame(sizes: list[int], every: int, limit: int) -> None:
    found = packets(sizes, every)
    times = cuts(found, limit)
    if times is None:
        return
    assert set(times) <= set(found.keys)
    assert times == sorted(set(times))
    edges = [0, *(round(time / BIN) for time in times), len(sizes)]
    parts = [sum(sizes[first:last]) for first, last in pairwise(edges)]
    assert max(parts) <= limit * FILL - FILE_BYTES
