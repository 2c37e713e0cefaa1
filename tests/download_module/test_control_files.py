"""What aria2's control file proves about the bytes beside it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from download_module.aria2c_control import Control, InFlight, prepare_ranges
from download_module.control_files import is_sound

MIB = 1024 * 1024
# 4 MiB and 5 bytes; the first and the third piece are here, of the fourth the blocks 0 and 2.
SIZE = 4 * MIB + 5
GOOD = Control(
    size=SIZE, complete=b"\xa0", in_flight=(InFlight(index=3, length=MIB, blocks=b"\xa0" + bytes(7)),)
).to_bytes()
NEEDED = 3 * MIB + 3 * 16384


def sound(directory: Path, control: bytes | None, length: int | None, size: int | None = SIZE) -> bool:
    data, beside = directory / "0.part", directory / "0.part.aria2"
    if length is not None:
        with data.open("wb") as file:
            file.truncate(length)
    if control is not None:
        beside.write_bytes(control)
    return is_sound(beside, data, size)


@pytest.mark.parametrize(
    ("control", "length", "size", "expected"),
    [
        (GOOD, SIZE, SIZE, True),
        (GOOD, NEEDED, SIZE, True),
        (GOOD, NEEDED, None, True),
        (GOOD, NEEDED - 1, SIZE, False),
        (GOOD, 0, SIZE, False),
        (GOOD, None, SIZE, False),
        (GOOD, SIZE, SIZE + 1, False),
        (None, SIZE, SIZE, False),
        (b"", SIZE, SIZE, False),
        (GOOD[:20], SIZE, SIZE, False),
        (GOOD[:-1], SIZE, SIZE, False),
        (GOOD + b"\0", SIZE, SIZE, False),
        (b"\0\2" + GOOD[2:], SIZE, SIZE, False),
        (b"garbage" * 20, SIZE, SIZE, False),
        (GOOD[:10] + bytes(4) + GOOD[14:], SIZE, SIZE, False),
    ],
)
def test_bytes_are_continued_only_when_the_control_file_tells_the_truth(
    tmp_path: Path, control: bytes | None, length: int | None, size: int | None, expected: bool
) -> None:
    assert sound(tmp_path, control, length, size) is expected


def test_one_that_just_began_is_sound(tmp_path: Path) -> None:
    assert sound(tmp_path, Control(size=SIZE, complete=b"\0").to_bytes(), 0)


def test_what_is_prepared_for_stretches_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "0.part"
    prepare_ranges(path, SIZE, [(100, 200), (2 * MIB + 5, 3 * MIB + 9)])
    assert is_sound(tmp_path / "0.part.aria2", path, SIZE)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(directory: Path, control: bytes) -> None:
    assert not sound(directory, control, 10, 10)
