"""Stretches of time as people write them."""

import pytest
from hypothesis import given as examples
from hypothesis import strategies as some

from core.clips import EXAMPLE, Clip, parse_clip
from core.errors import RequestRefused


@pytest.mark.parametrize(
    ("text", "clip"),
    [
        ("0:30-1:10", Clip(30.0, 70.0)),
        (" 0:30 - 1:10 ", Clip(30.0, 70.0)),
        ("0:30\u20131:10", Clip(30.0, 70.0)),  # phones write a longer dash
        ("90-", Clip(90.0, None)),
        ("-20", Clip(None, 20.0)),
        ("-0:20", Clip(None, 20.0)),
        ("0-20", Clip(0.0, 20.0)),
        ("1:02:03-1:03:00.5", Clip(3723.0, 3780.5)),
        ("0.25-0.5", Clip(0.25, 0.5)),
        ("75-1:20", Clip(75.0, 80.0)),
        ("+40", Clip(None, None, 40.0)),
        (" + 1:30 ", Clip(None, None, 90.0)),
        ("100:00:00-100:00:01", Clip(360_000.0, 360_001.0)),
    ],
)
def test_a_clip(text: str, clip: Clip) -> None:
    assert parse_clip(text) == clip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is no clip."),
        ("-", "'-' is no clip."),
        ("30", "'30' is no clip."),
        ("soon", "'soon' is no clip."),
        ("0:30-1:10-2:00", "'0:30-1:10-2:00' is no clip."),
        ("1:2:3:4-", "'1:2:3:4-' is no clip."),
        ("30s-40s", "'30s-40s' is no clip."),
        ("+", "'+' is no clip."),
        ("+0", "'+0' is no clip."),
        ("x" * 999, f"'{'x' * 40}' is no clip."),
        ("20-10", "The clip 20-10 ends before it begins."),
        ("20-20", "The clip 20-20 ends before it begins."),
        ("-0", "The clip -0 ends before it begins."),
    ],
)
def test_what_is_no_clip_is_refused_with_an_example(text: str, sentence: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        parse_clip(text)
    assert str(caught.value) == f"{sentence} {EXAMPLE}"


@examples(some.text(some.characters() | some.sampled_from("0123456789:.-+ ")))
def test_whatever_is_written_is_a_clip_or_refused(text: str) -> None:
    try:
        clip = parse_clip(text)
    except RequestRefused:
        return
    assert clip != Clip(None, None)
    assert clip.end is None or clip.end > (clip.start or 0.0) >= 0.0
    assert clip.length is None or clip.length > 0


@examples(some.integers(0, 59_999), some.integers(1, 300_000))
def test_times_mean_the_same_however_they_are_written(start: int, length: int) -> None:
    end = start + length
    colons = f"{start // 60}:{start % 60}-{end // 3600}:{end // 60 % 60:02}:{end % 60:02}"
    assert parse_clip(f"{start}-{end}") == parse_clip(colons) == Clip(float(start), float(end))
