"""Numbers and foreign texts as members read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.texts import at_most, bar, duration, plain, size


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (2_411_725, "2.3 MB"),
        (1024**2 - 1, "1.0 MB"),
        (20 * 1024**3, "20.0 GB"),
        (5000 * 1024**4, "5000.0 TB"),
    ],
)
def test_sizes_read_as_in_discord(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0 s"),
        (45.4, "45 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (1234, "20 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
    ],
)
def test_time_spans_have_at_most_two_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        (-5, "`[                    ]` 0%"),
        (35, "`[======>             ]` 35%"),
        (99.9, "`[==================> ]` 99%"),
        (100, "`[====================]` 100%"),
        (250, "`[====================]` 100%"),
    ],
)
def test_a_bar_has_twenty_cells_and_is_full_only_at_the_end(percent: float, shown: str) -> None:
    assert bar(percent) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A *bold* _title_", r"A \*bold\* \_title\_"),
        ("@everyone <@123> <#4> <t:0:R>", r"\@everyone \<\@123> \<#4> \<t:0:R>"),
        ("[free](https://evil.example)", r"\[free](https\://evil.example)"),
        ("see https://evil.example", r"see https\://evil.example"),
        ("```js", r"\`\`\`js"),
        ("back\\slash", r"back\\slash"),
        ("two\r\nlines\tand   more", "two lines and more"),
        ("gpj.\u202etxt\u200b\u2066!", "gpj.txt!"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("日本語 🐈 é", "日本語 🐈 é"),
    ],
)
def test_a_foreign_text_is_shown_as_it_is_and_does_nothing(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_long_text_is_cut_at_its_limit() -> None:
    assert plain("abc " * 100, 10) == "abc abc a…"


@given(st.text())
def test_no_text_keeps_an_unescaped_mention_or_breaks_the_line(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    unescaped = shown.replace("\\\\", "").replace("\\<", "").replace("\\@", "").replace("\\`", "")
    assert not set("<@`") & set(unescaped)


def test_a_list_that_is_too_long_says_how_much_is_missing() -> None:
    shown = at_most([f"line {number:03}" for number in range(300)])
    assert len(shown) <= 2000
    assert shown.endswith(" more")
    kept = shown.count("\n")
    assert shown.splitlines()[-1] == f"… and {300 - kept} more"


def test_a_list_that_fits_is_left_alone() -> None:
    assert at_most(["a", "b"]) == "a\nb"
