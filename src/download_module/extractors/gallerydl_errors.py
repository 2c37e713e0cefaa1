"""What gallery-dl raises and says, as errors of ours."""

import re
from dataclasses import dataclass

from core.errors import (
    BossBotError,
    ExtractionError,
    GeoRestricted,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    SourceUnreachable,
    UnsupportedUrl,
)
from download_module.extractors.direct_extractor import error_of_status
from download_module.extractors.gallerydl_answer import Answer, Fault

CHALLENGED = "The site wants a proof that a person visits it. Send the address of the picture itself."
NOT_READ = "The site answered something that could not be read. Try again later."
REFUSED = "The site gives this only to members who are logged in. The admin can add cookies of the site."


@dataclass(frozen=True, slots=True)
class Saying:
    """Words of the library, and what they mean."""

    pattern: str
    error: type[BossBotError]
    examples: tuple[str, ...]  # as they stand in the library's source


# Classes whose name says it all.
RAISED: dict[str, tuple[type[BossBotError], str | None]] = {
    "NoExtractorError": (UnsupportedUrl, None),
    "ChallengeError": (UnsupportedUrl, CHALLENGED),
    "AuthenticationError": (LoginRequired, REFUSED),
    "AuthorizationError": (LoginRequired, REFUSED),
    "AuthRequired": (LoginRequired, REFUSED),
    "NotFoundError": (MediaNotFound, None),
}
# The first that matches wins.
SAID = (
    Saying(
        r"rate limit|limit reached|temporarily (blocked|banned)",
        RateLimited,
        ("Rate limit exceeded", "Image limit reached!", "You've been temporarily blocked from viewing images."),
    ),
    Saying(r"region.?locked", GeoRestricted, ("Region locked - Try downloading with a ",)),
    Saying(
        r"captcha|challenge",
        UnsupportedUrl,
        ("Bot check / CAPTCHA page", "HTTP redirect to 'challenge' page", "Cloudflare challenge"),
    ),
    Saying(
        r"to (the )?login page|login required|age gate|posts are private",
        LoginRequired,
        ("HTTP redirect to login page", "Login required to access this ", "HTTP redirect to age gate check"),
    ),
    Saying(
        r"access token|authenticate|password",
        LoginRequired,
        ("Invalid or missing access token.", "Could not authenticate you", " is password-protected."),
    ),
    Saying(
        r"(?<!service )unavailable|deleted|unable to find media",
        MediaNotFound,
        ("Tweet unavailable (", "Album deleted", "Unable to find media"),
    ),
    Saying(r"is not supported", UnsupportedUrl, ("This channel type is not supported.",)),
)
# What lies between this machine and the site.
UNREACHED = re.compile(r"connection|timed? ?out|name resolution|max retries|proxy", re.IGNORECASE)
# What sites and networks do. Any other kind is a fault of the library.
OUTSIDE = frozenset(("GalleryDLException", "HttpError", "AbortExtraction", "OSError", "JSONDecodeError", "SiteWaits"))


def error_of(fault: Fault, said: list[str]) -> BossBotError:
    """The error that a fault is.

    Args:
        fault: what the library raised.
        said: what it warned of before.
    """
    if "SiteWaits" in fault.kinds:
        return error_of_status(429, fault.retry_after)
    for kind in fault.kinds:
        if kind in RAISED:
            error, sentence = RAISED[kind]
            return error(sentence)
        if kind == "HttpError" and fault.status >= 400:
            return error_of_status(fault.status, fault.retry_after)
    words = error_of_words((fault.message, *said))
    if words is not None and fault.status < 500:
        return words
    if fault.status >= 400:
        return error_of_status(fault.status, fault.retry_after)
    if {"HttpError", "OSError"} & set(fault.kinds) or any(map(UNREACHED.search, said)):
        return SourceUnreachable()
    return ExtractionError(NOT_READ)


def error_of_words(lines: tuple[str, ...]) -> BossBotError | None:
    """What some words of the library mean, None when they say nothing known."""
    for line in lines:
        for saying in SAID:
            if re.search(saying.pattern, line, re.IGNORECASE):
                return saying.error()
    return None


def nothing_found(answer: Answer) -> BossBotError:
    """What it means that there are no files, and no fault."""
    if answer.seen and not answer.files:
        return MediaNotFound(f"This page has {answer.seen} files, and none with the numbers that were asked for.")
    return error_of_words(tuple(answer.said)) or UnsupportedUrl("There is no media on this page.")


def is_own_fault(fault: Fault) -> bool:
    """Whether the library failed by itself, so that the other way of asking may do better."""
    return fault.status < 400 and not {*OUTSIDE, *RAISED} & set(fault.kinds)
