"""Which cookies of a browser's jar a site's fetchers get, and what a URL is sent of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import ConfigurationError
from core.redaction import KNOWN, SECRET
from download_module.site_cookies import (
    HEAD,
    cookie_header,
    expired,
    of_site,
    parse_cookies,
    read_cookies,
    registered_name,
    telling_values,
    written,
)
from download_module.sites import Site
from download_module.sites_file import names_of_site

JAR = """# Netscape HTTP Cookie File
# a comment
.x.com\tTRUE\t/\tTRUE\t4102444800\tauth\tof-x
#HttpOnly_.twitter.com\tTRUE\t/\tTRUE\t0\tauth\tof-twitter
api.x.com\tFALSE\t/v2\tFALSE\t0\tapi\tof-api
notx.com\tFALSE\t/\tFALSE\t0\tauth\tof-notx
x.com.evil.test\tFALSE\t/\tFALSE\t0\tauth\tof-evil
.youtube.com\tTRUE\t/\tTRUE\t1\tSID\tof-youtube
127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tof-loopback
empty.test\tFALSE\t/\tFALSE\t0\tgone
broken line
a\tb\tc
"""


def values(names: tuple[str, ...]) -> set[str]:
    return {cookie.value for cookie in of_site(parse_cookies(JAR), names)}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (names_of_site("x.com"), {"of-x", "of-twitter", "of-api"}),
        (("youtube.com",), {"of-youtube"}),
        (("music.youtube.com",), {"of-youtube"}),  # a table for a part of a site: what its pages get
        (("www.x.com",), {"of-x"}),
        (("com",), set[str]() | {"of-x", "of-twitter", "of-api", "of-notx", "of-youtube"}),
        (("127.0.0.1",), {"of-loopback"}),
        (("0.0.1",), set[str]()),
        (("7.0.0.1",), set[str]()),
        (("evil.test",), {"of-evil"}),
        (("empty.test",), {""}),
    ],
)
def test_a_site_gets_its_own_and_no_others(names: tuple[str, ...], found: set[str]) -> None:
    assert values(names) == found


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://x.com/a", "auth=of-x"),
        ("https://www.x.com/a", "auth=of-x"),
        ("http://x.com/a", None),  # marked as secure
        ("https://api.x.com/v2/a", "api=of-api; auth=of-x"),
        ("https://api.x.com/v1", "auth=of-x"),
        ("https://notx.com/", "auth=of-notx"),
        ("https://www.notx.com/", None),  # of that host alone
        ("https://www.youtube.com/", None),  # expired
        ("http://127.0.0.1:8080/", "session=of-loopback"),
        ("http://127.0.0.2/", None),
        ("https://other.test/", None),
        ("nonsense", None),
        ("http://[", None),
    ],
)
def test_a_url_is_sent_what_a_browser_would_send(url: str, sent: str | None) -> None:
    assert cookie_header(parse_cookies(JAR), url) == sent


def test_what_is_written_reads_the_same() -> None:
    cookies = parse_cookies(JAR)
    assert len(cookies) == 8
    assert parse_cookies(written(cookies)) == cookies
    assert written(()) == HEAD
    assert [cookie.value for cookie in cookies if cookie.http_only] == ["of-twitter"]
    assert [cookie.value for cookie in expired(cookies)] == ["of-youtube"]


@given(some.text())
def test_any_text_is_read_and_what_comes_of_it_holds_no_line_of_its_own(text: str) -> None:
    cookies = parse_cookies(f"{text}\n.x.com\tTRUE\t/\tTRUE\t0\t{text}\t{text}\n")
    assert parse_cookies(written(cookies)) == cookies
    cookie_header(cookies, "https://x.com/")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.pixiv.net", "pixiv.net"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.com", "example.com"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
    ],
)
def test_the_name_that_somebody_registered(host: str, name: str) -> None:
    assert registered_name(host) == name


def test_a_jar_for_all_sites_is_bound_to_the_url(tmp_path: Path) -> None:
    file = tmp_path / "all.txt"
    file.write_text(JAR)
    everywhere = Site(cookies=file)
    assert {cookie.value for cookie in everywhere.cookies_for("https://api.x.com/a")} == {"of-x", "of-api"}
    assert everywhere.cookies_for("https://unknown.test/") == ()
    assert everywhere.cookie_jar("https://unknown.test/") is None
    of_one = Site(name="youtube.com", cookies=file)
    assert of_one.cookie_jar("https://youtu.be/a") == f"{HEAD}.youtube.com\tTRUE\t/\tTRUE\t1\tSID\tof-youtube\n"


def test_a_jar_that_is_gone_costs_no_download(tmp_path: Path) -> None:
    assert Site(cookies=tmp_path / "gone.txt").cookies_for("https://x.com/") == ()
    with pytest.raises(ConfigurationError, match=r"gone\.txt can't be read: No such file"):
        read_cookies(tmp_path / "gone.txt")


def test_telling_values_are_hidden_from_then_on_and_words_are_not(tmp_path: Path) -> None:
    file = tmp_path / "jar.txt"
    names = {"lang": "en-US", "host": "x.com.example", "day": "20261121", "id": "abc123def", "long": "a" * 16}
    file.write_text(HEAD + "".join(f"x.com\tFALSE\t/\tFALSE\t0\t{name}\t{value}\n" for name, value in names.items()))
    cookies = Site(name="x.com", cookies=file).cookies_for("https://x.com/")
    try:
        assert set(telling_values(cookies)) == {"abc123def", "a" * 16}
        assert KNOWN.hide("en-US abc123def") == f"en-US {SECRET}"
    finally:
        KNOWN.forget()
