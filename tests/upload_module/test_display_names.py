"""Names under which files are shown."""

import unicodedata

import pytest
from hypothesis import given, strategies

from upload_module.display_names import MAX_BYTES, MAX_CHARACTERS, display_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("Ünïcode 動画.mp4", "Ünïcode 動画.mp4"),
        ("annexe\u202e4pm.exe", "annexe4pm.exe"),
        ("a\x00b\nc\x1b[31m.mp4", "ab c[31m.mp4"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c.mp4", "a_b_c.mp4"),
        ('<x>:"|?*.mp4', "_x______.mp4"),
        ("  .hidden.  ", "hidden"),
        (".mp4", "file.mp4"),
        ("", "file"),
        ("\u200b.mp4", "file.mp4"),
        ("x" * 300 + ".mp4", "x" * 96 + ".mp4"),
        ("動" * 300 + ".mp4", "動" * 65 + ".mp4"),
        ("no.suffix here at all", "no.suffix here at all"),
    ],
)
def test_names_are_cleaned(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(strategies.text(max_size=400))
def test_any_name_becomes_one_that_any_system_takes(name: str) -> None:
    shown = display_name(name)
    assert shown
    assert len(shown) <= MAX_CHARACTERS
    assert len(shown.encode()) <= MAX_BYTES
    assert not shown.startswith(".")
    assert "/" not in shown
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs") for character in shown)
    assert display_name(shown) == shown
