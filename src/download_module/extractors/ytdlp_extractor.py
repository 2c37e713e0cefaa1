"""Pages that yt-dlp reads: runs it in a child process with limits and turns its answer into a plan."""

import asyncio
import json
import re
import sys

from loguru import logger
from pydantic import BaseModel, ValidationError

from core.children import built_environment, end_child, start_child
from core.errors import (
    BossBotError,
    DrmProtected,
    ExtractionError,
    GeoRestricted,
    LiveNotSupported,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    UnsupportedUrl,
)
from download_module.egress import Egress
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.direct_extractor import error_of_status
from download_module.names import clean_name
from download_module.plan import Assemble, DownloadPlan, Kind, Output, Part

CHILD = ("-m", "download_module.extractors.ytdlp_child")
MAX_ANSWER = 16 * 1024 * 1024  # bytes
UNWANTED_HEADERS = frozenset(("accept-encoding", "range", "host", "content-length", "connection", "cookie"))
# What sites say in words, after yt-dlp's own messages; the first that matches wins.
SAID: tuple[tuple[str, type[BossBotError]], ...] = (
    (r"\bDRM\b", DrmProtected),
    (r"rate.?limit|too many requests|HTTP Error 429", RateLimited),
    (r"not available (in|from) your (country|location|region)|geo.?restrict", GeoRestricted),
    (r"private|log ?in|sign in|logged.in|authenticat|members.only|subscriber|cookies", LoginRequired),
    (r"live event will begin|premieres in|is live|currently live", LiveNotSupported),
    (r"unavailable|removed|deleted|not exist|no longer|not found|HTTP Error 4(04|10)", MediaNotFound),
    (r"no video formats|requested format is not available|unable to extract|no media", UnsupportedUrl),
)


class Format(BaseModel):
    """One stream as yt-dlp chose it."""

    format_id: str | None = None
    url: str
    protocol: str | None = None
    ext: str | None = None
    vcodec: str | None = None
    acodec: str | None = None
    filesize: int | None = None
    http_headers: dict[str, str] | None = None
    cookie: str | None = None

    @property
    def has_video(self) -> bool:
        """Whether there is, or may be, a picture."""
        return self.vcodec != "none"


class Entry(BaseModel):
    """One video."""

    id: str | None = None
    title: str | None = None
    uploader: str | None = None
    ext: str | None = None
    extractor: str | None = None
    webpage_url: str | None = None
    is_live: bool = False
    formats: list[Format] = []


class Answer(BaseModel):
    """What the child prints: entries, or an error."""

    title: str | None = None
    extractor: str | None = None
    is_playlist: bool = False
    entries: list[Entry] = []
    error: str | None = None
    status: int | None = None
    detail: str = ""


class YtdlpExtractor:
    """Plans a file for each video of a page; video and audio are merged when they come apart."""

    def __init__(self, egress: Egress, *, timeout: float, memory_bytes: int, inherit: tuple[int, ...] = ()) -> None:
        self._egress = egress
        self._timeout = timeout
        self._memory_bytes = memory_bytes
        self._inherit = inherit

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if "__youtubedl_smuggle" in url:
            raise UnsupportedUrl
        await self._egress.check(url)
        answer = await self._ask_child(url)
        if answer.error:
            logger.bind(error=answer.error, status=answer.status).info("yt-dlp: {}", answer.detail)
            raise _error_of(answer)
        plan = _plan(url, answer)
        for part in plan.parts:
            await self._egress.check(part.uris[0])
        return plan

    async def _ask_child(self, url: str) -> Answer:
        child = await start_child(
            (sys.executable, *CHILD),
            env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
            inherit=self._inherit,
            memory_bytes=self._memory_bytes,
            stdin=asyncio.subprocess.PIPE,
        )
        try:
            request = json.dumps({"url": url}).encode()
            async with asyncio.timeout(self._timeout):
                out, err = await child.communicate(request)
        except TimeoutError as error:
            raise ExtractionError("The site took too long to answer. The download is tried again.") from error
        finally:
            await asyncio.shield(end_child(child))
        try:
            if len(out) > MAX_ANSWER:
                raise ExtractionError
            return Answer.model_validate_json(out)
        except ValidationError as error:
            tail = err.decode(errors="replace")[-2000:]
            logger.bind(status=child.returncode).error("yt-dlp's child gave no answer: {}", tail)
            raise ExtractionError from error

    async def close(self) -> None:
        """See `Extractor`."""


def _error_of(answer: Answer) -> BossBotError:
    match answer.error:
        case "unsupported":
            return UnsupportedUrl()
        case "geo":
            return GeoRestricted()
        case "http" if answer.status:
            return error_of_status(answer.status)
    for pattern, error in SAID:
        if re.search(pattern, answer.detail, re.IGNORECASE):
            return error()
    return ExtractionError()


def _plan(url: str, answer: Answer) -> DownloadPlan:
    if answer.is_playlist and len(answer.entries) > 1:
        raise MediaNotFound("This link is a playlist. Send the link of a single video.")
    if any(entry.is_live for entry in answer.entries):
        raise LiveNotSupported
    entries = [entry for entry in answer.entries if entry.formats]
    if not entries:
        raise UnsupportedUrl
    first = entries[0]
    if len(entries) == 1 and first.title:  # yt-dlp numbers the <video> tags of a page, also when there is one
        first.title = first.title.removesuffix(" (1)")
    outputs = tuple(_output(entry) for entry in entries)
    return DownloadPlan(
        source_url=url,
        extractor=(answer.extractor or first.extractor or "ytdlp").lower(),
        title=first.title or answer.title,
        author=first.uploader,
        outputs=outputs,
    )


def _output(entry: Entry) -> Output:
    if any(format_.protocol not in ("http", "https", "ftp") for format_ in entry.formats):
        raise MediaNotFound("This video comes only in small segments, which this version can't fetch yet.")
    merged = len(entry.formats) > 1
    extension = _container(entry.formats) if merged else (entry.formats[0].ext or entry.ext or "mp4")
    return Output(
        filename=clean_name(f"{clean_name(entry.title or entry.id or 'video')}.{extension}"),
        kind=Kind.VIDEO if any(format_.has_video for format_ in entry.formats) else Kind.AUDIO,
        parts=tuple(_part(entry, format_) for format_ in entry.formats),
        assemble=Assemble.MERGE if merged else Assemble.NONE,
    )


def _container(formats: list[Format]) -> str:
    """The container that holds these streams as they are, and that plays in most places."""
    endings = {format_.ext for format_ in formats}
    if endings <= {"mp4", "m4a", "mov", "m4v"}:
        return "mp4"
    return "webm" if endings <= {"webm", "weba"} else "mkv"


def _part(entry: Entry, format_: Format) -> Part:
    headers = (format_.http_headers or {}).items()
    kept = [(name, value) for name, value in headers if name.lower() not in UNWANTED_HEADERS]
    if format_.cookie:
        kept.append(("Cookie", format_.cookie))
    identity = None
    if entry.id and format_.format_id and format_.filesize:
        identity = f"{entry.extractor} {entry.id} {format_.format_id} {format_.filesize}"
    return Part(uris=(format_.url,), headers=tuple(kept), size=format_.filesize, identity=identity)
