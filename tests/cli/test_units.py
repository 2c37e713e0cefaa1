"""Numbers as people read them."""

import pytest

from cli.units import duration, rough_duration, size, visible


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10.25 * 2**20, "10.2 MiB"),
        (360 * 2**20, "360 MiB"),
        (1023.99 * 2**20, "1024 MiB"),
        (2**30, "1.0 GiB"),
        (5 * 2**40, "5.0 TiB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "long", "rough"),
    [
        (-3, "0 s", "0 s"),
        (59.4, "59 s", "59 s"),
        (125, "2 min 05 s", "2 min"),
        (12_060, "3 h 21 min", "3 h"),
        (180_000, "2 d 2 h", "2 d"),
    ],
)
def test_durations(seconds: float, long: str, rough: str) -> None:
    assert (duration(seconds), rough_duration(seconds)) == (long, rough)


def test_a_strangers_text_keeps_its_letters_and_loses_what_steers() -> None:
    assert visible("é 日本 👩\u200d🚀") == "é 日本 👩\u200d🚀"
    assert visible("a\x1b[2J\r\n\x9b\u202eb\ud800") == "a\ufffd[2J\ufffd\ufffd\ufffd\ufffdb\ufffd"
