"""Patterns that a hostile URL could keep busy."""

import pytest

from download_module.extractors.pattern_safety import is_safe


@pytest.mark.parametrize(
    "pattern",
    [
        r"https?://site\.test/(?P<id>\d+)",
        r"https?://site\.test/(?:[^/]+/)*\d",
        r"https?://site\.test/([^/]+/)*\d",
        r"https?://(?:\w+\.)+test/",
        r"https?://site\.test/(?:/[\w-]+)+",
        r"https?://site\.test/\?(?:[^&]+&)*v=\d",
        r"https?://site\.test/(?:[a-z]+|\d+)/",
        r"https?://site\.test/(?:[^/]+/){2}\d",
        r"https?://site\.test/(?:\d{1,3}-)*",
    ],
)
def test_rounds_that_can_be_told_apart_are_safe(pattern: str) -> None:
    assert is_safe(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"https?://site\.test/(?:[^?#]+/)*\d",
        r"https?://site\.test/(?:\d+)+",
        r"https?://site\.test/((?:\d+))+",
        r"https?://site\.test/\?(?:[^#]*&)*v=",
        r"https?://site\.test/\?(?:[^&]+[&;])*v=",
        r"https?://site\.test/\?(?:\&[^=]+=[^&]*)*v",
        r"https?://site\.test/(?:.+/)*a",
        r"https?://site\.test/(?:\S+-)*a",
        r"https?://site\.test/(?:x|(?:[^?]+/)*a)",
        r"https?://site\.test/(?:[^x]+/){2,}a",
    ],
)
def test_rounds_that_look_like_two_are_not(pattern: str) -> None:
    assert not is_safe(pattern)
