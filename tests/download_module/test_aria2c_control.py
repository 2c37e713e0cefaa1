"""The control files that let aria2 fetch stretches alone; what aria2 makes of them stands in integration/test_clips."""

import itertools
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from download_module.aria2c_control import fetched_amount, prepare_ranges, ranges_options
from download_module.byte_ranges import BLOCK, PIECE, ByteRange, subtract, union
from download_module.control_files import is_sound
from download_module.plan import Part
from tests.download_module.given import MIB

SIZES = st.integers(min_value=1, max_value=6 * MIB)


def missing_blocks(control: Path) -> list[ByteRange]:
    """What a control file leaves to fetch, read by the description of the format in aria2's manual."""
    data = control.read_bytes()
    version, extension, hash_length, piece, size, uploaded, length = struct.unpack_from(">HIIIQQI", data)
    assert (version, extension, hash_length, piece, uploaded) == (1, 0, 0, PIECE, 0)
    at = 34
    bits = "".join(f"{byte:08b}" for byte in data[at : at + length])
    pieces = -(-size // piece)
    assert len(bits) == -(-pieces // 8) * 8
    assert "1" not in bits[pieces:]
    at += length
    (count,) = struct.unpack_from(">I", data, at)
    at += 4
    missing = {number: (0, min(piece, size - number * piece)) for number in range(pieces) if bits[number] == "0"}
    for _ in range(count):
        index, piece_length, length = struct.unpack_from(">III", data, at)
        at += 12
        blocks = "".join(f"{byte:08b}" for byte in data[at : at + length])[: -(-piece_length // BLOCK)]
        at += length
        assert index in missing, "in flight and complete"
        missing[index] = (blocks.index("0") * BLOCK, piece_length)
    assert at == len(data)
    return union((number * piece + first, number * piece + end) for number, (first, end) in missing.items())


@pytest.mark.parametrize(
    ("ranges", "missing"),
    [
        ([(0, 10 * MIB)], [(0, 10 * MIB)]),
        ([(0, 1)], [(0, BLOCK)]),
        ([(3 * MIB, 5 * MIB)], [(3 * MIB, 5 * MIB)]),
        ([(3 * MIB + 20_000, 5 * MIB + 20_000)], [(3 * MIB + BLOCK, 5 * MIB + 2 * BLOCK)]),
        ([(10 * MIB - 5, 10 * MIB)], [(10 * MIB - BLOCK, 10 * MIB)]),
        ([(5 * MIB, 5 * MIB + 1), (5 * MIB + 300_000, 5 * MIB + 300_001)], [(5 * MIB, 5 * MIB + 19 * BLOCK)]),
        ([(MIB, MIB + 1), (2 * MIB, 2 * MIB + 1)], [(MIB, 2 * MIB + BLOCK)]),
    ],
    ids=["all", "a byte", "pieces", "trimmed", "the end", "two in a piece", "a piece before one from its begin"],
)
def test_what_is_missing_is_what_is_needed_to_the_block(
    tmp_path: Path, ranges: list[ByteRange], missing: list[ByteRange]
) -> None:
    path = tmp_path / "0.part"
    assert prepare_ranges(path, 10 * MIB, ranges) == PIECE
    assert path.stat().st_size == 10 * MIB
    assert missing_blocks(tmp_path / "0.part.aria2") == missing
    assert is_sound(tmp_path / "0.part.aria2", path, 10 * MIB)


@given(size=SIZES, ranges=st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=4))
def test_nothing_that_is_needed_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, size: int, ranges: list[ByteRange]
) -> None:
    path = tmp_path_factory.mktemp("ranges") / "0.part"
    needed = union((min(a, b, size), min(max(a, b), size)) for a, b in ranges)
    prepare_ranges(path, size, needed)
    missing = missing_blocks(Path(f"{path}.aria2"))
    assert subtract(needed, missing) == []
    assert all(end <= size for _, end in missing)
    assert is_sound(Path(f"{path}.aria2"), path, size)


def test_what_is_known_is_written_and_not_fetched_and_the_last_wins(tmp_path: Path) -> None:
    path = tmp_path / "0.part"
    known = [(0, b"a" * 20_000), (4 * MIB - 3, b"end"), (10, b"patch")]
    prepare_ranges(path, 4 * MIB, [(0, 30_000), (2 * MIB, 2 * MIB + 7), (4 * MIB - 3, 4 * MIB)], known)
    assert missing_blocks(tmp_path / "0.part.aria2") == [(BLOCK, 2 * BLOCK), (2 * MIB, 2 * MIB + BLOCK)]
    data = path.read_bytes()
    assert data[:20_000] == b"a" * 10 + b"patch" + b"a" * 19_985
    assert data[-4:] == b"\0end"
    assert not any(data[20_000:-3])


def test_holes_take_no_room(tmp_path: Path) -> None:
    path = tmp_path / "0.part"
    prepare_ranges(path, 10**11, [(5 * 10**10, 5 * 10**10 + 5)], [(0, b"head")])
    assert path.stat().st_size == 10**11
    assert path.stat().st_blocks * 512 < MIB
    assert (tmp_path / "0.part.aria2").stat().st_size < 100_000


def test_what_was_there_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "0.part"
    path.write_bytes(b"x" * 3 * MIB)
    (tmp_path / "0.part.aria2").write_bytes(b"")
    prepare_ranges(path, 2 * MIB, [(0, 5)])
    assert path.stat().st_size == 2 * MIB
    assert not any(path.read_bytes())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.part", "0.part.aria2"]


@pytest.mark.parametrize("size", [0, -1, 10**18])
def test_sizes_that_no_file_has_are_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        prepare_ranges(tmp_path / "0.part", size, [(0, 5)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("completed", "fetched"), [(0, 0), (90, 0), (95, 5), (100, 10)], ids=["unknown", "holes", "half", "all"]
)
def test_progress_counts_no_holes(completed: int, fetched: int) -> None:
    assert fetched_amount(100, [(10, 15), (20, 25)], completed) == fetched


@pytest.mark.parametrize("head", [True, False])
def test_aria2_asks_with_head_where_that_is_answered(head: bool) -> None:
    options = ranges_options(Part(head=head))
    assert options["piece-length"] == str(PIECE)
    assert options.get("use-head") == ("true" if head else None)
    assert all(isinstance(value, str) for value in options.values())


@given(ranges=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6), gap=st.integers(0, 5))
def test_a_union_has_the_same_bytes_in_order(ranges: list[ByteRange], gap: int) -> None:
    merged = union(ranges, gap=gap)
    had = {byte for first, end in ranges for byte in range(first, end)}
    have = {byte for first, end in merged for byte in range(first, end)}
    assert had <= have
    assert gap or had == have
    assert all(end + gap < first for (_, end), (first, _) in itertools.pairwise(merged))


@given(
    ranges=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5),
    others=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5),
)
def test_a_difference_has_what_is_only_in_the_first(ranges: list[ByteRange], others: list[ByteRange]) -> None:
    def bytes_of(spans: list[ByteRange]) -> set[int]:
        return {byte for first, end in spans for byte in range(first, end)}

    assert bytes_of(subtract(ranges, others)) == bytes_of(ranges) - bytes_of(others)
