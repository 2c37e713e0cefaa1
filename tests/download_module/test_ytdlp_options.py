"""The options that yt-dlp gets, read by yt-dlp itself."""

from typing import Any

import pytest
from yt_dlp import parse_options

from download_module.extractors.ytdlp_options import ALLOWED, arguments_of, site_arguments

NONE: dict[str, Any] = {"headers": {}, "proxy": None, "options": {}, "subtitles": False, "deno": None}


def parsed(**given: Any) -> dict[str, Any]:
    """What yt-dlp makes of our arguments."""
    options: dict[str, Any] = parse_options(arguments_of(**(NONE | given))).ydl_opts
    return options


def test_a_login_has_both_halves() -> None:
    options = parsed(options={"username": "me", "password": "secret"})
    assert (options["username"], options["password"]) == ("me", "secret")


def test_nothing_dangerous_is_on() -> None:
    options = parsed()
    dangerous = (
        "exec_cmd",
        "usenetrc",
        "netrc_cmd",
        "cookiesfrombrowser",
        "enable_file_urls",
        "cookiefile",
        "batchfile",
    )
    assert not [name for name in (*dangerous, "cachedir", "writeinfojson", "postprocessors") if options.get(name)]
    assert (options["proxy"], options["noplaylist"], options["extract_flat"]) == ("", True, "in_playlist")
    assert options["ignoreerrors"] is False
    assert not options["js_runtimes"]
    assert not options["remote_components"]


def test_what_an_extraction_needs_is_passed_on() -> None:
    options = parsed(
        headers={"Referer": "https://site.test/a: b"}, proxy="http://127.0.0.1:9", subtitles=True, deno="/x/deno"
    )
    assert options["http_headers"]["referer"] == "https://site.test/a: b"
    assert options["proxy"] == "http://127.0.0.1:9"
    assert options["writesubtitles"]
    assert options["writeautomaticsub"]
    assert options["js_runtimes"] == {"deno": {"path": "/x/deno"}}


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        (
            "extractor_args",
            {"youtube": {"player_client": ["tv", "web"]}},
            {"youtube": {"player_client": ["tv", "web"]}},
        ),
        ("geo_bypass_country", "DE", "DE"),
        ("nocheckcertificate", True, True),
        ("videopassword", "x y'z", "x y'z"),
        ("sleep_interval_requests", 1.5, 1.5),
        ("socket_timeout", 7, 7.0),
    ],
)
def test_an_admin_sets_options_by_the_names_of_the_library(name: str, value: Any, read: Any) -> None:
    assert parsed(options={name: value})[name] == read


@pytest.mark.parametrize(
    "options",
    [
        {"exec": "rm"},
        {"cookiesfrombrowser": "firefox"},
        {"plugin_dirs": ["/tmp"]},
        {"password": ["a"]},
        {"username": "alone, yt-dlp would ask for the password"},
        {"nocheckcertificate": "yes"},
        {"extractor_args": "youtube:player_client=tv"},
        {"extractor_args": {"youtube": "tv"}},
        {"http_headers": "a: b"},
    ],
    ids=str,
)
def test_what_is_not_allowed_or_makes_no_sense_is_left_out(options: dict[str, Any]) -> None:
    assert site_arguments(options) == []


def test_every_allowed_option_is_one_of_the_library() -> None:
    known = parse_options([]).ydl_opts
    assert set(ALLOWED) <= set(known)
