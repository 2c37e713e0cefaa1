"""What lies on disk is not counted again; what aria2 fetches again is."""

from pathlib import Path

import pytest

from download_module.aria2c_control import Control, InFlight, prepare_ranges
from download_module.bytes_here import bytes_here
from download_module.live_transfers import Live, Row
from download_module.plan import Part
from download_module.transfers import Amount, Transfer

MIB = 1024 * 1024
SIZE = 4 * MIB + 5


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (Control(size=SIZE, complete=b"\0"), 0),
        (Control(size=SIZE, complete=b"\xa0"), 2 * MIB),
        (Control(size=SIZE, complete=b"\x88"), MIB + 5),  # the last piece is short
        (Control(size=SIZE, complete=b"\xf8"), SIZE),
        (
            Control(size=SIZE, complete=b"\x80", in_flight=(InFlight(index=3, length=MIB, blocks=b"\xa0" + bytes(7)),)),
            MIB + 2 * 16384,
        ),
    ],
)
def test_room_that_is_only_reserved_does_not_count(tmp_path: Path, control: Control, expected: int) -> None:
    target = tmp_path / "0.part"
    target.write_bytes(bytes(SIZE))
    target.with_name("0.part.aria2").write_bytes(control.to_bytes())
    assert bytes_here(target) == expected
    assert bytes_here(tmp_path) == expected  # a torrent's directory


def test_what_has_no_control_file_is_complete(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "a").write_bytes(b"abc")
    assert bytes_here(tmp_path) == bytes_here(tmp_path / "album" / "a") == 3
    assert bytes_here(tmp_path / "b") == 0
    (tmp_path / "album.aria2").write_bytes(b"damaged")
    assert bytes_here(tmp_path) == 0


def live(target: Path, arrived: list[int], **part: object) -> Live:
    part = {"uris": ("http://site.test/a",), **part}
    transfer = Transfer(
        gid="0" * 16,
        part=Part(**part),  # type: ignore[arg-type]  # as a test writes it
        target=target,
        arrived=arrived.append,
        restart=lambda: None,
        drop=lambda: None,
        finish=lambda _: None,
    )
    return Live(transfer, Row(Amount(), 100 * MIB, lambda _: None))


async def test_bytes_count_when_they_come_and_again_when_aria2_begins_anew(tmp_path: Path) -> None:
    arrived: list[int] = []
    one = live(tmp_path / "0.part", arrived)
    one.handed_over()
    for completed in (0, 400, 900, 0, 300, 1000):  # a server without ranges broke off at 900
        one.note(completed, 1000, 1)
    assert sum(arrived) == 1900
    one.begin(one.uris, alone=True)
    one.handed_over()
    one.note(1000, 1000, 1)
    assert sum(arrived) == 2900


async def test_bytes_that_are_continued_do_not_count(tmp_path: Path) -> None:
    arrived: list[int] = []
    target = tmp_path / "0.part"
    (tmp_path / "0.part.aria2").write_bytes(Control(size=SIZE, complete=b"\xe0").to_bytes())
    one = live(target, arrived)
    one.handed_over()
    for completed in (0, 3 * MIB, SIZE):
        one.note(completed, SIZE, 1)
    assert sum(arrived) == MIB + 5


async def test_of_stretches_only_what_is_fetched_counts(tmp_path: Path) -> None:
    arrived: list[int] = []
    target, ranges = tmp_path / "0.part", ((MIB, 4 * MIB),)
    prepare_ranges(target, SIZE, ranges)
    one = live(target, arrived, size=SIZE, ranges=ranges)
    one.handed_over()
    for completed in (SIZE - 3 * MIB, SIZE - MIB, SIZE):
        one.note(completed, SIZE, 1)
    assert sum(arrived) == 3 * MIB
