"""A look through a .torrent before a library reads it."""

import tracemalloc

import pytest

from core.errors import TooLarge
from download_module.extractors.bencoding import MAX_NESTING, MAX_VALUES, look_through


@pytest.mark.parametrize("data", [b"de", b"d1:ai1ee", b"d1:al1:b2:cci-5eee", b"d0:0:e", b"d1:ade2:bbleebehind"])
def test_what_is_bencoded_passes(data: bytes) -> None:
    look_through(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"i1e",
        b"le",
        b"4:spam",
        b"d",
        b"d1:a",
        b"d1:ai1e",
        b"d5:ab",
        b"d9999999999999:ae",
        b"d" + b"9" * 5000 + b":ae",
        b"d-1:ae",
        b"d1:aie e",
        b"d1:ai--5ee",
        b"d1:ai 5ee",
        b"d1:ai" + b"9" * 5000 + b"ee",
        b"d1:axe",
        b"d\xff",
        b"d1a",
        b"d" * (MAX_NESTING + 1) + b"e" * (MAX_NESTING + 1),
        b"d1:a" + b"l" * MAX_NESTING + b"e" * MAX_NESTING + b"e",
    ],
)
def test_what_is_not_or_is_too_much_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no |cut off|beyond|deeper|neither"):
        look_through(data)


def test_more_values_than_any_torrent_has_are_refused() -> None:
    with pytest.raises(TooLarge):
        look_through(b"d1:al" + b"0:" * MAX_VALUES + b"ee")


def test_nothing_is_kept_of_what_it_goes_over() -> None:
    data = b"d1:al" + b"100:" + b"x" * 100 + b"i5e" * 100_000 + b"ee"
    tracemalloc.start()
    look_through(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
