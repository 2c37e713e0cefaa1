"""What gallery-dl raises and says: the tables, held against the installed version."""

import re
from functools import cache
from pathlib import Path

import gallery_dl
import pytest
from gallery_dl import exception

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
from download_module.extractors.gallerydl_answer import Answer, Fault
from download_module.extractors.gallerydl_errors import (
    OUTSIDE,
    RAISED,
    SAID,
    error_of,
    error_of_words,
    is_own_fault,
    nothing_found,
)


@cache
def source() -> str:
    """All of the installed library."""
    files = sorted(Path(gallery_dl.__file__).parent.rglob("*.py"))
    joined = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r'"\s*\n\s*f?"', "", joined)  # literals in pieces


@pytest.mark.parametrize(
    ("words", "error"), [(words, row.error) for row in SAID for words in row.examples], ids=lambda value: str(value)
)
def test_every_saying_is_the_installed_library_s_and_means_its_error(words: str, error: type[BossBotError]) -> None:
    assert words in source()
    found = error_of_words((words,))
    assert type(found) is error


def test_every_class_is_the_installed_library_s() -> None:
    for name in {*RAISED, *OUTSIDE} - {"OSError", "JSONDecodeError", "SiteWaits"}:
        assert issubclass(getattr(exception, name), exception.GalleryDLException)


def test_every_class_of_the_library_has_a_meaning_or_is_known_to_have_none() -> None:
    meaningless = {
        "GalleryDLException",
        "ExtractionError",
        "HttpError",  # its status says it
        "AbortExtraction",  # its words say it
        # of the admin's options
        "InputError",
        "FormatError",
        "FilenameFormatError",
        "DirectoryFormatError",
        "FilterError",
        "InputFileError",
        # of the library's own course
        "ControlException",
        "StopExtraction",
        "TerminateExtraction",
        "RestartExtraction",
        "StopDownload",
    }
    classes = {
        name
        for name, value in vars(exception).items()
        if isinstance(value, type) and issubclass(value, exception.GalleryDLException)
    }
    assert classes - set(RAISED) == meaningless


def fault(
    error: type[BaseException] | str, message: str = "", status: int = 0, retry_after: str | None = None
) -> Fault:
    kinds = [error] if isinstance(error, str) else [kind.__name__ for kind in error.__mro__]
    return Fault(kinds=kinds, message=message, status=status, retry_after=retry_after)


@pytest.mark.parametrize(
    ("raised", "said", "error", "retry_after"),
    [
        (fault(exception.NoExtractorError), [], UnsupportedUrl, None),
        (fault(exception.NotFoundError, "Requested post could not be found", 200), [], MediaNotFound, None),
        (fault(exception.AuthRequired, "authenticated cookies needed"), [], LoginRequired, None),
        (fault(exception.ChallengeError, "Cloudflare challenge", 403), [], UnsupportedUrl, None),
        (fault(exception.HttpError, "'404 Not Found' for ''", 404), [], MediaNotFound, None),
        (fault(exception.HttpError, "'451 ' for ''", 451), [], GeoRestricted, None),
        (fault(exception.HttpError, "'429 ' for ''", 429, "12"), [], RateLimited, 12),
        (fault(exception.HttpError, "'503 Service Unavailable' for ''", 503), [], SourceUnreachable, None),
        (fault(exception.HttpError, "Connection refused"), [], SourceUnreachable, None),
        (fault("HttpError", "'403 Forbidden' for ''", 403), [], LoginRequired, None),
        (fault("SiteWaits", "wait 300 seconds", 200, "300"), [], RateLimited, 300),
        (fault(exception.AbortExtraction, "Tweet unavailable ('Deleted')", 200), [], MediaNotFound, None),
        (fault(exception.AbortExtraction, "None"), ["Login required to access this post"], LoginRequired, None),
        (fault(exception.AbortExtraction, "None"), ["NewConnectionError: refused"], SourceUnreachable, None),
        (fault(exception.AbortExtraction, "None", 503), ["'503 Service Unavailable' for ''"], SourceUnreachable, None),
        (fault(exception.AbortExtraction, "API request failed", 200), [], ExtractionError, None),
        (fault(KeyError, "'x-ratelimit-reset'", 429, "8"), [], RateLimited, 8),
        (fault(KeyError, "'data'", 200), [], ExtractionError, None),
        (fault(TimeoutError, "timed out"), [], SourceUnreachable, None),
    ],
    ids=str,
)
def test_a_fault_becomes_an_error_with_a_sentence(
    raised: Fault, said: list[str], error: type[BossBotError], retry_after: float | None
) -> None:
    found = error_of(raised, said)
    assert type(found) is error
    assert found.retry_after == retry_after
    assert str(found).endswith(".")


@pytest.mark.parametrize(
    ("raised", "own"),
    [
        (fault(KeyError, "'data'", 200), True),
        (fault("AttributeError"), True),
        (fault(KeyError, "'data'", 404), False),
        (fault(exception.AbortExtraction), False),
        (fault("NotFoundError"), False),
        (fault(ConnectionError), False),
        (fault("JSONDecodeError"), False),
    ],
    ids=str,
)
def test_only_a_fault_of_the_library_s_own_is_worth_the_other_way(raised: Fault, own: bool) -> None:
    assert is_own_fault(raised) is own


def test_an_answer_without_files_says_why() -> None:
    assert isinstance(nothing_found(Answer()), UnsupportedUrl)
    assert isinstance(nothing_found(Answer(seen=3)), MediaNotFound)
    assert isinstance(nothing_found(Answer(said=["x: Login required to access this post"])), LoginRequired)
