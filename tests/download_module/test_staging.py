"""Directories of work in progress: who may take what an earlier claim left, and which bytes are worth keeping."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core import finished_mark
from download_module.aria2c_control import Control
from download_module.plan import Part
from download_module.staging import Staging, StagingArea

Area = Callable[..., StagingArea]
SOUND = Control(size=9, complete=b"\x00").to_bytes()


@pytest.fixture
def area(tmp_path: Path) -> Area:
    def area(owner: str = "me", *, dead: tuple[str, ...] = ()) -> StagingArea:
        return StagingArea(tmp_path, owner=owner, is_dead=lambda name: name in dead)

    return area


def part(identity: str | None = "v1", size: int = 9) -> Part:
    return Part(uris=("http://site.test/a",), size=size, identity=identity)


def begun(staging: Staging, position: int = 0, *, control: bytes | None = SOUND, data: bytes = b"some data") -> Path:
    """Bytes as aria2 leaves them in mid-transfer."""
    path = staging.part(position)
    path.write_bytes(data)
    if control is not None:
        path.with_name(f"{path.name}.aria2").write_bytes(control)
    return path


def left_by(area: StagingArea, download_id: int = 1, epoch: int = 1, *, release: bool = False) -> Staging:
    """What a claim leaves that did not finish."""
    staging = area.open(download_id, epoch)
    staging.prepare([part()])
    begun(staging)
    if release:
        staging.release()
    return staging


@pytest.mark.parametrize(
    ("owner", "dead", "release", "adopted"),
    [
        ("me", (), False, True),
        ("other", (), False, False),
        ("other", ("other",), False, True),
        ("other", (), True, True),
    ],
)
def test_a_claim_adopts_what_nobody_can_be_writing_to(
    area: Area, owner: str, dead: tuple[str, ...], release: bool, adopted: bool
) -> None:
    earlier = left_by(area(owner), release=release)
    staging = area(dead=dead).open(1, 2)
    staging.prepare([part()])
    assert staging.part(0).exists() is adopted
    assert earlier.path.exists() is not adopted


def test_the_latest_of_several_is_adopted_and_the_others_are_removed(area: Area) -> None:
    one = left_by(area(), epoch=9)
    staging = area("other").open(1, 10)  # its owner lives: not adopted
    staging.prepare([part()])
    begun(staging, data=b"newest")
    staging.release()
    adopted = area().open(1, 11)
    adopted.prepare([part()])
    assert adopted.part(0).read_bytes() == b"newest"
    assert not one.path.exists()
    assert not staging.path.exists()


def test_a_claim_takes_nothing_of_a_later_one(area: Area) -> None:
    later = left_by(area(), epoch=5, release=True)
    staging = area().open(1, 4)
    assert not staging.part(0).exists()
    assert later.part(0).exists()


def test_a_directory_whose_owner_was_never_written_is_free(area: Area) -> None:
    area()
    staging = area("other").open(1, 1)
    (staging.path / "owner").unlink()
    begun(staging)
    assert area().open(1, 2).part(0).exists()


@pytest.mark.parametrize("others", [(11, 1), (111, 2), (2, 1)])
def test_another_download_is_never_touched(area: Area, others: tuple[int, int]) -> None:
    other = left_by(area(), *others)
    finished = area().finished(others[0])
    finished.mkdir()
    area().open(1, 7)
    area().discard(1)
    assert other.part(0).exists()
    assert finished.exists()
    assert area().ids() == {others[0]}


def test_strange_names_in_the_staging_directory_are_left_alone(area: Area, tmp_path: Path) -> None:
    area()
    for name in ("1-", "1-x", "1-2-3", "notes"):
        (tmp_path / ".staging" / name).mkdir()
    area().open(1, 3).remove()
    area().discard(1)
    assert area().ids() == set()
    assert len(list((tmp_path / ".staging").iterdir())) == 4


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [("v1", "v1", True), ("v1", "v2", False), ("v1", None, False), (None, None, False), (None, "v1", False)],
)
def test_bytes_are_kept_only_when_they_are_provably_the_same(
    area: Area, before: str | None, after: str | None, kept: bool
) -> None:
    first = area().open(1, 1)
    first.prepare([part(before)])
    begun(first)
    second = area().open(1, 2)
    second.prepare([part(after)])
    assert second.part(0).exists() is kept
    assert (second.path / "0.part.aria2").exists() is kept


@pytest.mark.parametrize("control", [None, b"", b"garbage", SOUND[:-1], Control(size=8, complete=b"\x00").to_bytes()])
def test_bytes_without_a_sound_control_file_are_dropped(area: Area, control: bytes | None) -> None:
    first = area().open(1, 1)
    first.prepare([part()])
    begun(first, control=control)
    first.restart(0)
    assert not first.part(0).exists()
    begun(first, control=control)
    second = area().open(1, 2)
    second.prepare([part()])
    assert not second.part(0).exists()
    assert not (second.path / "0.part.aria2").exists()


def test_bytes_with_a_control_file_survive_a_restart(area: Area) -> None:
    staging = left_by(area())
    staging.restart(0)
    assert staging.part(0).read_bytes() == b"some data"


def test_a_part_that_is_done_needs_no_control_file(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part(), part("audio")])
    begun(first, 0, control=None)
    first.mark_done(0)
    second = area().open(1, 2)
    second.prepare([part(), part("audio")])
    assert (second.is_done(0), second.is_done(1)) == (True, False)
    second.drop(0)
    assert not second.is_done(0)
    assert not second.part(0).exists()
    assert not area().open(1, 3).is_done(0)


def test_a_part_that_is_done_but_changed_is_dropped(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part()])
    begun(first, control=None)
    first.mark_done(0)
    second = area().open(1, 2)
    second.prepare([part("v2")])
    assert not second.is_done(0)


@pytest.mark.parametrize(
    ("was_begun", "size", "kept"), [(True, 9, True), (True, 10, False), (True, None, False), (False, 9, False)]
)
def test_a_part_that_was_completed_while_nobody_looked_is_known_by_its_vanished_control_file(
    area: Area, was_begun: bool, size: int | None, kept: bool
) -> None:
    promised = Part(uris=("http://site.test/a",), size=size, identity="v1")
    first = area().open(1, 1)
    first.prepare([promised])
    path = begun(first)
    if was_begun:
        first.mark_begun(0)
        first.mark_begun(0)
    path.with_name("0.part.aria2").unlink()
    first.mark_begun(0)
    second = area().open(1, 2)
    second.prepare([promised])
    assert second.is_done(0) is kept
    assert second.part(0).exists() is kept


def test_parts_that_a_new_plan_no_longer_has_are_removed(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part(), part("audio")])
    begun(first, 0)
    begun(first, 1)
    second = area().open(1, 2)
    second.prepare([part()])
    assert second.part(0).exists()
    assert not second.part(1).exists()


def test_a_torrents_files_are_kept_because_their_pieces_have_sums(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part("infohash")])
    (first.part(0) / "sub").mkdir(parents=True)
    (first.part(0) / "sub" / "a.mp4").write_bytes(b"piece")
    first.restart(0)
    second = area().open(1, 2)
    second.prepare([part("infohash")])
    assert (second.part(0) / "sub" / "a.mp4").read_bytes() == b"piece"
    second.prepare([part("another")])
    assert not second.part(0).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"identities": 7}', "\x00"])
def test_a_damaged_manifest_means_that_nothing_is_known(area: Area, text: str) -> None:
    first = left_by(area())
    (first.path / "manifest.json").write_text(text)
    second = area().open(1, 2)
    assert second.finished_before() == []
    second.prepare([part()])
    assert not second.part(0).exists()


def finish(staging: Staging, **files: bytes) -> list[Path]:
    directory = staging.assembling
    paths = []
    for name, data in files.items():
        paths.append(directory / name)
        paths[-1].write_bytes(data)
    return staging.finish(paths)


def test_finished_files_leave_staging_in_their_order(area: Area, tmp_path: Path) -> None:
    staging = area().open(1, 1)
    files = finish(staging, b=b"bb", a=b"a")
    assert files == [tmp_path / "1" / "b", tmp_path / "1" / "a"]
    assert [file.read_bytes() for file in files] == [b"bb", b"a"]
    staging.remove()
    assert area().ids() == set()


def test_finished_files_replace_those_of_an_earlier_time(area: Area) -> None:
    finish(area().open(1, 1), old=b"old")
    (file,) = finish(area().open(1, 2), new=b"new")
    assert sorted(path.name for path in file.parent.iterdir()) == [finished_mark.NAME, "new"]


def test_what_was_finished_but_not_reported_is_found(area: Area) -> None:
    files = finish(area().open(1, 1), a=b"a", b=b"b")
    assert area().open(1, 2).finished_before() == files


@pytest.mark.parametrize("harm", ["removed", "shortened", "all gone"])
def test_what_was_finished_counts_only_while_it_is_whole(area: Area, harm: str) -> None:
    files = finish(area().open(1, 1), a=b"a", b=b"b")
    match harm:
        case "removed":
            files[0].unlink()
        case "shortened":
            files[1].write_bytes(b"")
        case _:
            for file in files:
                file.unlink()
    assert area().open(1, 2).finished_before() == []


def test_what_was_fetched_for_another_url_is_dropped(area: Area) -> None:
    first = area().open(1, 1)
    first.belong_to("http://site.test/a")
    first.prepare([part("one")])
    first.part(0).write_bytes(b"bytes of a")
    first.mark_done(0)
    first.release()
    same = area().open(1, 2)
    same.belong_to("http://site.test/a")
    assert same.is_done(0)
    same.release()
    edited = area().open(1, 3)
    edited.belong_to("http://site.test/b")
    assert not edited.is_done(0)
    assert not edited.part(0).exists()


def test_finished_files_of_another_database_are_put_aside(area: Area, tmp_path: Path) -> None:
    for theirs in (b"first", b"second"):
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "kept").write_bytes(theirs)
        staging = area().open(1, 1)
        staging.belong_to("http://site.test/a")
        finish(staging, new=b"new")
        area().discard(1, "http://site.test/a")
        assert not (tmp_path / "1").exists()
    assert (tmp_path / "1.kept-1" / "kept").read_bytes() == b"first"
    assert (tmp_path / "1.kept-2" / "kept").read_bytes() == b"second"


def test_discarding_spares_finished_files_of_another_url(area: Area) -> None:
    staging = area().open(1, 1)
    staging.belong_to("http://site.test/a")
    (file,) = finish(staging, a=b"a")
    area().discard(1, "http://site.test/b")
    assert file.exists()
    assert area().ids() == set()
    area().discard(1)
    assert not file.parent.exists()


def test_what_came_with_the_plan_is_written(area: Area) -> None:
    staging = area().open(1, 1)
    staging.prepare([part(), Part(content=b"text"), Part(content=b"")])
    assert [staging.is_done(position) for position in range(3)] == [False, True, True]
    assert staging.part(1).read_bytes() == b"text"
    staging.prepare([part(), Part(content=b"other")])
    assert staging.part(1).read_bytes() == b"other"
    assert not staging.part(2).exists()


def test_bytes_of_a_fallback_are_never_continued_as_those_of_the_part(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part()])
    begun(first)
    first.replace(0)
    assert not first.part(0).exists()
    begun(first, data=b"fallback.")
    second = area().open(1, 2)
    second.prepare([part()])
    assert not second.part(0).exists()


def test_bytes_that_were_dropped_and_fetched_anew_are_continued(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part()])
    begun(first)
    first.drop(0)
    begun(first, data=b"good data")
    second = area().open(1, 2)
    second.prepare([part()])
    assert second.part(0).read_bytes() == b"good data"


def test_what_a_browsers_double_fetched_is_continued_when_there_is_a_validator(area: Area) -> None:
    first = area().open(1, 1)
    first.prepare([part(), part("other")])
    for position in (0, 1):
        begun(first, position, control=None)
    (first.path / "0.part.http").write_text('"etag"')
    second = area().open(1, 2)
    second.prepare([part(), part("other")])
    assert (second.part(0).exists(), second.part(1).exists()) == (True, False)
    second.drop(0)
    assert not (second.path / "0.part.http").exists()


def test_nothing_was_finished_before_the_first_time(area: Area) -> None:
    assert area().open(1, 1).finished_before() == []


def test_discarding_removes_all_but_what_a_living_runner_works_on(area: Area) -> None:
    mine = left_by(area(), epoch=1)
    living = left_by(area("other"), epoch=2)
    free = left_by(area("third"), epoch=3, release=True)
    area().finished(1).mkdir()
    area().discard(1)
    assert not mine.path.exists()
    assert living.path.exists()
    assert not free.path.exists()
    assert not area().finished(1).exists()


def test_a_directory_that_holds_nothing_does_not_stay(area: Area) -> None:
    staging = area().open(1, 1)
    staging.release()
    assert not staging.path.exists()


def test_an_empty_directory_for_assembling_is_empty_each_time(area: Area) -> None:
    staging = area().open(1, 1)
    (staging.assembling / "half").write_bytes(b"half")
    assert list(staging.assembling.iterdir()) == []
