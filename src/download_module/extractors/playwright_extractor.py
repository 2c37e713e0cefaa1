"""Pages whose media only shows when a person opens them: a warm browser does so, and tells what the player fetched."""

import asyncio
import mimetypes
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from loguru import logger
from pydantic import ValidationError

from core.errors import BossBotError, ExtractionError, MediaNotFound, SourceUnreachable, UnsupportedUrl
from core.sandbox import Network
from download_module.egress import Egress
from download_module.extractors.admins_files import admins_files
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.direct_extractor import error_of_status
from download_module.extractors.playwright_home import remove_dead
from download_module.extractors.playwright_media import Form
from download_module.extractors.playwright_report import Answer, Media
from download_module.extractors.warm_children import ChildLimits, ChildNetwork, WarmChildren
from download_module.media_metadata import MediaMetadata
from download_module.names import clean_name, kind_of, name_from_url
from download_module.plan import Assemble, DownloadPlan, Kind, Output, Part
from download_module.sites import Sites
from download_module.way_out import WayOut

CHILD = "download_module.extractors.playwright_child"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START = 20.0  # seconds beside the page's own: the browser may have to start first
NOTHING = "The page was opened in a browser, and no video or sound was found on it."
PIECES = (
    "The player of this page puts its video together from pieces, and does not say which ones there are. "
    "It can't be downloaded."
)


class VideoExtractor(Protocol):
    """Who reads manifests: `YtdlpExtractor`."""

    async def extract(
        self, url: str, wish: Wish = ANYTHING, *, headers: Sequence[tuple[str, str]] = ()
    ) -> DownloadPlan:
        """See `Extractor`; `headers` are sent with every request."""
        ...


class PlaywrightExtractor:
    """Plans the main media of a page; a stream is planned by the extractor that reads manifests."""

    def __init__(
        self,
        egress: Egress,
        video: VideoExtractor,
        *,
        timeout: float = 30.0,
        memory_bytes: int,
        program: Path | None = None,
        sites: Sites | None = None,
        settle: float = 1.5,
        network: ChildNetwork = Network.HOST,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """A browser is started with the first page.

        Args:
            egress: decides what may be reached.
            video: plans manifests.
            timeout: seconds for a page.
            memory_bytes: that the browser may hold, with all of its processes.
            program: the browser; without one the first of `BROWSERS` that is on PATH.
            sites: cookies and proxies of single sites.
            settle: seconds for which the choice of the main media must stay the same.
            network: of the child and the browser.
            inherit: descriptors that the child keeps open.
        """
        self._egress = egress
        self._video = video
        self._sites = sites or Sites()
        self._timeout = timeout
        self._memory_bytes = memory_bytes
        self._settle = settle
        self._program = str(program) if program else next(filter(None, map(shutil.which, BROWSERS)), None)
        self._told = False
        # One browser for all: pages wait for one another, which costs less than the memory of a second one.
        limits = ChildLimits(timeout=timeout + START, memory_bytes=None, at_once=1, requests=50, idle=300.0)
        self._children = WarmChildren(
            CHILD, limits, network=network, reads=admins_files(self._sites), browser=True, inherit=inherit
        )

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise UnsupportedUrl
        await self._egress.check(url)
        answer = await self._visit(url, self._program or self._no_browser(), wish.way_out)
        if not answer.media:
            raise _error_of(answer)
        for media in answer.media:
            await self._egress.check(media.url)
        if answer.media[0].form in (Form.HLS, Form.DASH):
            return await self._stream(url, answer, wish)
        return _plan(url, answer, (_output(answer),))

    async def close(self) -> None:
        """See `Extractor`."""
        await self._children.close()
        await asyncio.to_thread(remove_dead)  # whoever was cancelled had the browser killed

    def _no_browser(self) -> str:
        if not self._told:
            self._told = True
            logger.warning("pages that need a browser are not read: none of {} is on PATH", ", ".join(BROWSERS))
        raise UnsupportedUrl("This page can only be read with a browser, and this bot has none. Ask its admin for one.")

    async def _visit(self, url: str, program: str, way_out: WayOut) -> Answer:
        site = self._sites.of(url)
        request = {
            "url": url,
            "program": program,
            "timeout": self._timeout,
            "settle": self._settle,
            "memory_bytes": self._memory_bytes,
            "cookies": site.cookie_jar(url),
            "proxy": way_out.through(site.proxy).url("browser"),
        }
        try:
            answer = Answer.model_validate_json(await self._children.ask(request))
        except ValidationError as error:
            raise ExtractionError from error
        about = logger.bind(error=answer.error, status=answer.status, media=len(answer.media))
        about.log("ERROR" if answer.error == "browser" else "INFO", "browser: {}", answer.detail or "visited")
        return answer

    async def _stream(self, url: str, answer: Answer, wish: Wish) -> DownloadPlan:
        manifest = answer.media[0]
        try:
            plan = await self._video.extract(manifest.url, wish, headers=manifest.kept_headers)
        except UnsupportedUrl as error:
            raise MediaNotFound("The player of this page plays a stream that can't be read.") from error
        outputs = plan.outputs
        if answer.about.title and len(outputs) == 1:  # the name of a manifest says nothing
            name = _name(answer, PurePosixPath(outputs[0].filename).suffix)
            outputs = (replace(outputs[0], filename=name),)
        return _plan(url, answer, outputs, known=plan.metadata)


def _error_of(answer: Answer) -> BossBotError:
    match answer.error:
        case "browser":
            return ExtractionError("The browser of this bot does not start. Its admin finds the reason in the log.")
        case "unreachable":
            return SourceUnreachable("A browser could not open this page.")
        case "memory":
            return MediaNotFound("This page needs more memory than this bot gives to one. Try another link.")
        case "crashed":
            return ExtractionError("The browser broke down over this page. The download is tried again.")
    if answer.status is not None and answer.status >= 400:
        return error_of_status(answer.status)
    return MediaNotFound(PIECES) if answer.segments else UnsupportedUrl(NOTHING)


def _plan(url: str, answer: Answer, outputs: tuple[Output, ...], known: MediaMetadata | None = None) -> DownloadPlan:
    about = answer.about
    title = about.title or outputs[0].filename
    said: dict[str, Any] = {
        "platform": urlsplit(url).hostname,
        "url": about.url or url,
        "title": title,
        "description": about.description,
        "thumbnail": about.thumbnail,
        "duration": answer.seconds,
    }
    metadata = (known or MediaMetadata()).model_copy(update={name: value for name, value in said.items() if value})
    return DownloadPlan(source_url=url, extractor="playwright", title=title, outputs=outputs, metadata=metadata)


def _output(answer: Answer) -> Output:
    """One file, or one of video and one of sound that are put together."""
    first = answer.media[0]
    parts = tuple(_part(media) for media in answer.media)
    merged = len(parts) > 1
    name = first.name or _name(answer, ".mkv" if merged and not first.mime.endswith("/mp4") else _suffix(first))
    return Output(
        filename=name,
        kind=Kind.VIDEO if merged else kind_of(first.mime, name),
        parts=parts,
        assemble=Assemble.MERGE if merged else Assemble.NONE,
    )


def _part(media: Media) -> Part:
    identity = f"{media.url} {media.size}" if media.size else None
    return Part(uris=(media.url,), headers=media.kept_headers, size=media.size, identity=identity)


def _name(answer: Answer, suffix: str) -> str:
    stem = clean_name(answer.about.title or PurePosixPath(name_from_url(answer.media[0].url)).stem)
    return clean_name(f"{stem}{suffix}")


def _suffix(media: Media) -> str:
    """The ending of a file: its URL's, unless that is one of a script or there is none."""
    name = name_from_url(media.url)
    if kind_of(None, name) is not Kind.DOCUMENT:
        return PurePosixPath(name).suffix
    return mimetypes.guess_extension(media.mime) or ""
