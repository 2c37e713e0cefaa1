"""Which files of a torrent are fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MediaNotFound
from download_module.torrent_files import chosen_files

ALBUM = [("a/film.mkv", 1000), ("a/Sample.mkv", 20), ("a/info.nfo", 3), ("a/cover.jpg", 5), ("a/empty.mp4", 0)]


def test_by_default_the_media_is_chosen_without_samples_and_leaflets() -> None:
    assert chosen_files(ALBUM) == (1, 4)


def test_a_sample_that_is_all_there_is_is_media() -> None:
    assert chosen_files([("sample.mp3", 100), ("readme.txt", 1)]) == (1,)


def test_a_torrent_without_media_is_taken_whole() -> None:
    assert chosen_files([("disk.iso", 100), ("readme.txt", 1)]) == (1, 2)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [([(3, 3)], (3,)), ([(2, 3), (5, None)], (2, 3, 5)), ([(4, 99)], (4, 5)), ([(1, None)], (1, 2, 3, 4, 5))],
)
def test_what_was_asked_for_is_chosen_whatever_it_is(
    wanted: list[tuple[int, int | None]], numbers: tuple[int, ...]
) -> None:
    assert chosen_files(ALBUM, wanted) == numbers


def test_items_that_are_not_there_are_said_to_be_missing() -> None:
    with pytest.raises(MediaNotFound, match="only 5 files"):
        chosen_files(ALBUM, [(6, None)])


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(0, 10**12)), min_size=1, max_size=20))
def test_something_is_always_chosen(files: list[tuple[str, int]]) -> None:
    numbers = chosen_files(files)
    assert numbers
    assert set(numbers) <= set(range(1, len(files) + 1))
