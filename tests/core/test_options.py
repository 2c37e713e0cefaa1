"""Options of a row and of a command: what they mean, and a sentence for what means nothing."""

import json
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as some

from core.clips import Clip
from core.database import Database
from core.errors import RequestRefused
from core.options import Options, checked_options, parse_options
from core.queries import Queries
from tests.conftest import Hand
from tests.core import given


def test_without_a_wish_everything_has_its_default() -> None:
    options = parse_options({})
    assert options == Options()
    assert (options.wants_audio, options.max_height, options.stretch, options.ranges) == (False, None, None, ())
    assert options.takes(1)
    assert options.takes(99_999)


@pytest.mark.parametrize(
    ("quality", "height", "audio"),
    [
        ("best", None, False),
        ("worst", None, False),
        ("audio", None, True),
        ("1080p", 1080, False),
        (" 720P ", 720, False),
        ("480", 480, False),
        (2160, 2160, False),
    ],
)
def test_qualities(quality: object, height: int | None, audio: bool) -> None:
    options = parse_options({"quality": quality})
    assert (options.max_height, options.wants_audio) == (height, audio)


def test_sound_alone_may_be_asked_for_in_two_ways() -> None:
    assert parse_options({"audio": True}).wants_audio
    assert parse_options({"audio": True, "quality": "720p"}).max_height == 720


@pytest.mark.parametrize(
    ("items", "ranges", "taken"),
    [
        ("3", ((3, 3),), {3}),
        (2, ((2, 2),), {2}),
        ("1-3,8", ((1, 3), (8, 8)), {1, 2, 3, 8}),
        (" 1 - 2 , 9 ", ((1, 2), (9, 9)), {1, 2, 9}),
        ("8-", ((8, None),), {8, 9, 10}),
        ("2-4,3-5", ((2, 4), (3, 5)), {2, 3, 4, 5}),
        ("7-7", ((7, 7),), {7}),
    ],
)
def test_items(items: object, ranges: tuple[tuple[int, int | None], ...], taken: set[int]) -> None:
    options = parse_options({"items": items})
    assert options.ranges == ranges
    assert {item for item in range(1, 11) if options.takes(item)} == taken


def test_a_clip_is_understood() -> None:
    assert parse_options({"clip": "0:30-1:10"}).stretch == Clip(30.0, 70.0)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "quality",
            "4k",
            "The option quality='4k' means nothing: quality is best, worst, audio, or a height such as 720p.",
        ),
        ("quality", "", "quality is best, worst"),
        ("quality", "10p", "quality is best, worst"),
        ("quality", [], "The option quality=[] means nothing: it should be a valid string."),
        ("items", "", "items is a list of numbers from 1 and of ranges such as 1-5,8."),
        ("items", "0", "items is a list of numbers from 1"),
        ("items", "5-2", "items is a list of numbers from 1"),
        ("items", "1-2-3", "items is a list of numbers from 1"),
        ("items", "-3", "items is a list of numbers from 1"),
        ("items", "1,,2", "items is a list of numbers from 1"),
        ("items", "100000", "items is a list of numbers from 1"),
        ("items", "all", "items is a list of numbers from 1"),
        ("clip", "soon", "'soon' is no clip. Write a clip as 0:30-1:10, or 30- for everything after 30 seconds."),
        ("clip", "1:00-0:30", "The clip 1:00-0:30 ends before it begins. Write a clip as"),
        ("live", 0, "The option live=0 means nothing: it should be greater than or equal to 1."),
        ("live", 721, "it should be less than or equal to 720."),
        ("live", "long", "it should be a valid integer"),
        ("subtitles", "", "subtitles is a list of languages such as en,de-AT, or all."),
        ("subtitles", "(a+)+$", "subtitles is a list of languages"),
        ("subtitles", "english please", "subtitles is a list of languages"),
        ("audio", "perhaps", "The option audio='perhaps' means nothing: it should be a valid boolean"),
        ("force", {}, "The option force={} means nothing: it should be a valid boolean."),
        ("spoiler", None, "The option spoiler=None means nothing: it should be a valid boolean."),
        ("quoted", "x" * 999, f"The option quoted='{'x' * 39}... means nothing"),
    ],
)
def test_what_means_nothing_is_refused_with_what_is_possible(name: str, value: object, sentence: str) -> None:
    for read in (parse_options, checked_options):
        with pytest.raises(RequestRefused) as caught:
            read({name: value})
        assert sentence in str(caught.value)


@pytest.mark.parametrize("subtitles", ["en", "en, de", "pt-BR,zh-Hans,fil", "ALL"])
def test_languages(subtitles: str) -> None:
    assert parse_options({"subtitles": subtitles}).subtitles == subtitles.replace(" ", "")


def test_names_that_nobody_knows_are_kept_in_a_row_and_refused_in_a_command() -> None:
    assert parse_options({"colour": "blue"}) == Options()
    with pytest.raises(RequestRefused, match=r"^There is no option qualty\. Did you mean quality\?$"):
        checked_options({"qualty": "720p"})
    with pytest.raises(RequestRefused, match=r"^There is no option colour\. Possible are quality, audio, clip"):
        checked_options({"colour": "blue"})


def test_a_command_writes_only_what_was_given_in_its_plainest_form() -> None:
    given = {"quality": " 720P", "audio": "yes", "items": "1 - 3", "live": "10"}
    assert checked_options(given) == {"quality": "720p", "audio": True, "items": "1-3", "live": 10}
    assert checked_options({}) == {}


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=5,
)


@examples(some.dictionaries(some.sampled_from(sorted(Options.model_fields)) | some.text(), json_values, max_size=4))
def test_whatever_stands_in_a_row_is_understood_or_refused_with_a_sentence(values: dict[str, Any]) -> None:
    try:
        options, sentence = parse_options(values), ""
    except RequestRefused as refused:
        options, sentence = Options(), str(refused)
    assert not sentence or (sentence.endswith(".") and len(sentence) < 300)
    assert options.max_height is None or 100 <= options.max_height <= 9999
    assert all(first >= 1 and (last is None or first <= last) for first, last in options.ranges)
    assert any(options.takes(item) for item in [first for first, _ in options.ranges] or [1])
    if options.stretch is not None:
        assert options.stretch.end is None or options.stretch.end > (options.stretch.start or 0)


@examples(some.dictionaries(some.sampled_from(sorted(Options.model_fields)), json_values, max_size=4))
def test_what_a_command_wrote_is_read_from_the_row_as_it_was_meant(values: dict[str, Any]) -> None:
    try:
        written = checked_options(values)
    except RequestRefused:
        return
    row = json.loads(json.dumps(written))
    assert parse_options(row) == parse_options(values)
    assert checked_options(row) == written


@pytest.mark.parametrize("options", ['{"a": ' + "9" * 5000 + "}", '{"a":' * 900 + "1" + "}" * 900])
async def test_json_that_only_a_database_can_read_harms_nobody(database: Database, hand: Hand, options: str) -> None:
    download_id = await given.row(database)
    await hand(f"UPDATE downloads SET options = '{options}'")
    row = await Queries(database).get(download_id)
    assert row is not None
    assert parse_options(row.options) == Options()
