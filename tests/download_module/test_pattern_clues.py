"""What of a pattern must be in a URL."""

import re

import pytest

from download_module.extractors.pattern_clues import clues_of


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (r"https?://(?:www\.)?site\.test/(?P<id>\d+)", "https://www.site.test/1"),
        (r"(?i)https?://SITE\.test/", "http://Site.Test/"),
        (r"https?://(?:abcd|efgh)\.test/", "https://efgh.test/"),
        (r"https?://[^/]+/videos/\d", "https://any.test/videos/1"),
        (r"(?x) https?:// (?: one\.test | two\.test ) / # either", "https://two.test/"),
        (r"https?://(?:sub\.)*domain\.test/", "https://domain.test/"),
        (r"https?://(?!www\.)(?:word){2}", "https://wordword"),
        (r"https?://[ab]bcde", "https://bbcde"),
        (r"https?://(?:long|)er\.test", "https://er.test"),
        (r"(?:https?://)?(?:optional\.test)?", "https://elsewhere.test"),
        (r"https?://x\.y/", "https://x.y/"),
        (r"https?://(\w+)\.\1\.test/", "https://ab.ab.test/"),
    ],
)
def test_a_url_that_matches_has_a_clue(pattern: str, url: str) -> None:
    assert re.match(pattern, url)
    clues, always = clues_of([pattern])
    assert always or any(clue in url.lower() for clue in clues)


def test_a_clue_is_a_piece_that_few_patterns_share() -> None:
    clues, always = clues_of([r"https?://one\.example/a", r"https?://two\.example/a", r"https?://[^/]+/watch/"])
    assert always == []
    assert all(len(positions) == 1 for positions in clues.values())
    assert not any(clue in "https://elsewhere.test/" for clue in clues)


def test_a_pattern_of_which_nothing_is_certain_is_always_tried() -> None:
    clues, always = clues_of([r".*", r"https?://abcdef", r"(?:https?://)?\w+"])
    assert always == [0, 2]
    assert [1] in clues.values()
