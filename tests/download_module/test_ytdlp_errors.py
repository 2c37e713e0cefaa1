"""What yt-dlp says, and which error it is."""

import re
from functools import cache
from http import HTTPStatus
from pathlib import Path

import pytest
import yt_dlp

from core.errors import (
    AgeRestricted,
    BossBotError,
    DrmProtected,
    ExtractionError,
    GeoRestricted,
    LiveNotSupported,
    LoginRequired,
    MediaNotFound,
    PrivateMedia,
    RateLimited,
    RemovedMedia,
    SourceUnreachable,
    UnsupportedUrl,
)
from download_module.extractors.ytdlp_errors import AGE, TABLE, Refusal, Said, error_of, is_own_fault

BUG = "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the template"
HINT = ". Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp"


@cache
def source() -> str:
    """All of yt-dlp's own source, as Python reads its strings."""
    package = Path(yt_dlp.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    return text.replace("\\'", "'").replace("\\u2019", "\u2019")


@pytest.mark.parametrize("said", TABLE, ids=lambda said: said.example)
def test_the_example_stands_in_yt_dlp_and_gives_the_error_of_its_row(said: Said) -> None:
    assert said.example in source()
    message = said.example if "sourceURL" not in said.example else "An error. (caused by KeyError('sourceURL'))"
    error = error_of(Refusal(message=f"ERROR: [site] id: {message}"))
    assert type(error) is said.error
    if said.sentence is not None:
        assert str(error) == said.sentence


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("This video is DRM protected", DrmProtected),
        ("HTTP Error 429: Too Many Requests", RateLimited),
        ("The uploader has not made this video available in your country", GeoRestricted),
        ("This video is available in Germany only; not available from your location", GeoRestricted),
        ("Private video. Sign in if you've been granted access to this video" + HINT, PrivateMedia),
        ("Sign in to confirm your age. This video may be inappropriate for some users." + HINT, AgeRestricted),
        ("Join this channel to get access to members-only content like this video", LoginRequired),
        ("This video is protected by a password, use the --video-password option", LoginRequired),
        ("The account is nice" + HINT, LoginRequired),
        ("This live event will begin in 3 hours.", LiveNotSupported),
        ("Premieres in 20 minutes", LiveNotSupported),
        ("The channel is not currently live", LiveNotSupported),
        ("Video unavailable. This video has been removed by the uploader", RemovedMedia),
        ("This video is no longer available because the account has been terminated", RemovedMedia),
        ("No video could be found in this tweet", UnsupportedUrl),
        ("No video formats found!" + BUG, UnsupportedUrl),
        ("Requested format is not available. Use --list-formats", UnsupportedUrl),
        ("Unable to extract title" + BUG, UnsupportedUrl),
        ("Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again", UnsupportedUrl),
        ("Failed to parse JSON" + BUG, ExtractionError),
        ("This content is currently unavailable", RemovedMedia),
        ("Service temporarily unavailable", ExtractionError),
        ("This livestream is scheduled to start at 20:00", LiveNotSupported),
        ("Twitter Space ended and replay is disabled", RemovedMedia),
        ("Track unavailable in your country due to licensing restrictions", GeoRestricted),
        ("Sorry, this video is available in China only", GeoRestricted),
        ("Your IP address is blocked from accessing this post", RateLimited),
        ("NSFW tweet requires authentication" + HINT, AgeRestricted),
        ("Instagram sent an empty media response. Check if it is accessible without being logged-in", LoginRequired),
        ("This account does not have any videos posted", UnsupportedUrl),
        ("something new", ExtractionError),
    ],
)
def test_a_message_is_an_error(message: str, error: type[BossBotError]) -> None:
    assert type(error_of(Refusal(message=f"ERROR: [youtube] dQw4w9WgXcQ: {message}"))) is error


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, LoginRequired),
        (403, LoginRequired),
        (404, MediaNotFound),
        (410, MediaNotFound),
        (429, RateLimited),
        (451, GeoRestricted),
        (500, SourceUnreachable),
        (503, SourceUnreachable),
    ],
)
def test_a_status_is_an_error(status: int, error: type[BossBotError]) -> None:
    words = f"{status}: {HTTPStatus(status).phrase}"
    message = f"ERROR: [generic] x: Unable to download webpage: HTTP Error {words} (caused by <HTTPError {words}>)"
    assert type(error_of(Refusal(message=message, status=status))) is error


def test_names_and_addresses_say_nothing() -> None:
    message = "ERROR: [site] private-login-removed: Failed https://site.test/private/sign-in?deleted" + BUG
    assert type(error_of(Refusal(message=message))) is ExtractionError


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (Refusal(message="Too Many Requests", status=429, retry_after="17"), 17.0),
        (Refusal(message="The session has been rate-limited by YouTube for up to an hour. Wait."), 3600.0),
        (Refusal(message="Rate limit reached, try again in 5 minutes"), 300.0),
        (Refusal(message="rate-limited"), None),
    ],
)
def test_the_time_to_wait_is_the_one_that_was_said(refusal: Refusal, seconds: float | None) -> None:
    error = error_of(refusal)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_what_nothing_explains_is_said_in_the_sites_own_words_without_links_or_mentions() -> None:
    error = error_of(Refusal(message="ERROR: [site] 7: Site said: *Odd* [here](https://x.test) @everyone <t:1:R>"))
    assert str(error) == "The site says: Site said: Odd here everyone t:1:R."
    assert str(error_of(Refusal(message="Traceback: x", fault=True))) == ExtractionError.sentence


def test_the_sentence_says_when_a_stream_begins_and_that_age_needs_a_login() -> None:
    upcoming = error_of(Refusal(message="ERROR: [youtube] x: This live event will begin in 3 hours."))
    assert "It begins in 3 hours." in str(upcoming)
    assert str(error_of(Refusal(message="ERROR: [youtube] x: Sign in to confirm your age." + HINT))) == AGE


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(message="x", unsupported=True), UnsupportedUrl),
        (Refusal(message="x", region=True), GeoRestricted),
        (Refusal(message="only formats that can't be fetched: rtmp", unfetchable=True), MediaNotFound),
        (Refusal(message="live as http_dash_segments alone", unfetchable=True), LiveNotSupported),
    ],
)
def test_what_the_child_knows_needs_no_words(refusal: Refusal, error: type[BossBotError]) -> None:
    assert type(error_of(refusal)) is error


def test_a_fault_that_nothing_explains_is_yt_dlps_own() -> None:
    assert is_own_fault(Refusal(message="Failed to parse JSON" + BUG, fault=True))
    assert not is_own_fault(Refusal(message="This video is private", fault=True))
    assert not is_own_fault(Refusal(message="HTTP Error 404", status=404, fault=True))
    assert not is_own_fault(Refusal(message="whatever"))


def test_each_sentence_is_one() -> None:
    for said in TABLE:
        assert said.sentence is None or re.fullmatch(r"[A-Z][^\n]+\.", said.sentence)
