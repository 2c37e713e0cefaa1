"""Runs yt-dlp's extraction alone, in a process of its own; see `child_loop`.

Started by `ytdlp_extractor` with limits on memory and time, without token, database or home directory. It downloads
nothing but pages and playlists.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import DownloadError, GeoRestrictedError, UnsupportedError, YoutubeDLError, unsmuggle_url

from download_module.extractors.child_loop import serve
from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_entry import entry_of
from download_module.extractors.ytdlp_playlists import become_children, count_of, is_reference
from download_module.extractors.ytdlp_program import ProgramFailed
from download_module.extractors.ytdlp_session_child import Session
from download_module.extractors.ytdlp_streams import NotServed, Unfetchable

ENVIRONMENT = {
    "YTDLP_NO_PLUGINS": "1",
    # V8 reserves half a gigabyte for compiled code, more than the limit on memory leaves; what it runs comes from a
    # site, and is safer interpreted too.
    "DENO_V8_FLAGS": "--jitless",
    "DENO_DIR": "/dev/null/deno",  # nowhere: it keeps nothing
    "DENO_NO_UPDATE_CHECK": "1",
}
NESTED = 3  # lists in lists
# What sites make extractors raise, and what says so itself.
FAULTS = (ValueError, TypeError, LookupError, AttributeError)
REFUSALS = (YoutubeDLError, RequestError, ProgramFailed, Unfetchable, NotServed, *FAULTS)


def main() -> None:
    """Answer requests until stdin ends."""
    os.environ.update(ENVIRONMENT)
    _read_ranged_segment_lists()
    serve(answer)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What is behind a URL, as `ytdlp_answers.Answer` reads it: `entries`, `children`, or a `refusal`."""
    asked = Asked.model_validate(request)
    found = _answer(asked)
    if _wants_a_browser(found.get("refusal")):
        found = _answer(asked.model_copy(update={"impersonates": True}))
    return found


def _answer(asked: Asked) -> dict[str, Any]:
    try:
        with Session(asked) as session:
            return _found(session, asked, session.extract(asked.url), depth=0)
    except REFUSALS as error:
        return {"refusal": _refusal(error)}


def _found(session: Session, asked: Asked, info: dict[str, Any] | None, *, depth: int) -> dict[str, Any]:
    if not info:
        return {"refusal": {"message": "nothing was extracted", "unsupported": True}}
    if info.get("direct") and info.get("ext") == "unknown_video":  # it takes all that is no HTML for a video
        return {"refusal": {"message": "neither a page nor media", "unsupported": True}}
    about = {
        "title": info.get("title"),
        "author": info.get("channel") or info.get("uploader"),
        "extractor": info.get("extractor_key") or info.get("extractor"),
    }
    if info.get("_type", "video") not in ("playlist", "multi_video"):
        return about | {"entries": [entry_of(session, asked, info)]}
    entries = [entry for entry in info.get("entries") or () if entry]
    if depth == 0:
        entries = list(_unfolded(session, entries))[: count_of(asked.items)]
    if become_children(info["_type"], entries):
        children = [child for child in map(_child, entries) if child]
        if children:
            return about | {"children": children}
    if len(entries) == 1 and depth < NESTED:
        inner = _found(session, asked, session.resolve(entries[0]), depth=depth + 1)
        return about | {key: value for key, value in inner.items() if value is not None}
    return about | {"entries": _videos(session, asked, entries)}


def _videos(session: Session, asked: Asked, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The videos of one page. One that can't be had does not fail the others."""
    found: list[dict[str, Any]] = []
    failed: Exception | None = None
    for entry in entries:
        try:
            info = session.resolve(entry)
            if info and info.get("_type", "video") == "video":
                found.append(entry_of(session, asked, info))
        except REFUSALS as error:
            failed = failed or error
    if not found and failed is not None:
        raise failed
    return found


def _unfolded(session: Session, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries, with those that are lists themselves (the tabs of a channel) replaced by what is in them."""
    for entry in entries:
        if is_reference(entry) and entry.get("ie_key") == "YoutubeTab":
            inner = session.extract(entry["url"], entry["ie_key"]) or {}
            yield from (each for each in inner.get("entries") or () if each)
        else:
            yield entry


def _child(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    for url in (entry.get("url"), entry.get("webpage_url")):
        plain = unsmuggle_url(str(url or ""))[0]
        if plain.startswith(("http://", "https://")):
            return {"url": plain, "title": entry.get("title")}
    return None


def _refusal(error: Exception) -> dict[str, Any]:
    """What was raised, as `ytdlp_errors.Refusal` reads it."""
    cause: BaseException = error
    if isinstance(error, DownloadError) and error.exc_info and error.exc_info[1]:
        cause = error.exc_info[1]
    answers = [each for each in (cause, getattr(cause, "cause", None)) if isinstance(each, HTTPError)]
    expected = isinstance(error, Unfetchable | NotServed | RequestError) or getattr(cause, "expected", False)
    named = f"{type(error).__name__}: {error}" if isinstance(error, FAULTS) else str(error)
    return {
        "message": named[:2000],
        "status": answers[0].status if answers else getattr(error, "status", None),
        "retry_after": answers[0].response.headers.get("Retry-After") if answers else None,
        "unsupported": isinstance(cause, UnsupportedError) or "Unsupported URL: " in named,
        "unfetchable": isinstance(error, Unfetchable),
        "region": isinstance(cause, GeoRestrictedError),
        "fault": not expected,
    }


def _wants_a_browser(refusal: Mapping[str, Any] | None) -> bool:
    """Whether a page was refused because the handshake was not that of a browser."""
    if refusal is None:
        return False
    message = refusal["message"]
    return "anti-bot challenge" in message or ("[generic]" in message and refusal.get("status") == 403)


def _read_ranged_segment_lists() -> None:
    """Make yt-dlp take a DASH representation whose segments are ranges of one file for that file, which it is.

    It reads the lists of segments that are files, and raises KeyError on those that are ranges.
    """
    parse = InfoExtractor._parse_mpd_periods  # noqa: SLF001 - there is no other place for it

    def mended(self: InfoExtractor, document: Element, *arguments: Any, **named: Any) -> Any:
        for parent in document.iter():
            for child in list(parent):
                if child.tag.rpartition("}")[2] == "SegmentList" and not _names_files(child):
                    parent.remove(child)
        return parse(self, document, *arguments, **named)

    InfoExtractor._parse_mpd_periods = mended  # noqa: SLF001


def _names_files(segments: Element) -> bool:
    urls = [child.get("media") for child in segments if child.tag.endswith("SegmentURL")]
    initial = [child.get("sourceURL") for child in segments if child.tag.endswith("Initialization")]
    return all(urls) and all(initial)


if __name__ == "__main__":
    main()
