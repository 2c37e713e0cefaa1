"""Collects what a gallery-dl extractor finds, and follows the pages that it names, until there is enough."""

import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from gallery_dl import config, exception, extractor, util
from gallery_dl.extractor.common import BaseExtractor, Dispatch
from gallery_dl.job import Job
from gallery_dl.path import PathFormat

from download_module.extractors.gallerydl_fields import alt_text
from download_module.extractors.gallerydl_harvest import Enough, Harvest

# Not sites: any file by its ending, any page, local files, and words that are commands.
NO_SITES = frozenset(("generic", "noop", "oauth", "recursive", "ytdl"))
PATIENCE = 5.0  # seconds that may be waited because a site asks for it; more becomes an error
MAX_DEPTH = 4  # of pages that name pages
MAX_FALLBACKS = 4
MAX_TEXT = 1024 * 1024  # characters of a `text:` item


class SiteWaits(BaseException):
    """The site wants fewer requests. No `Exception`: extractors swallow those."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} seconds")
        self.seconds = seconds


class GatheringJob(Job):  # type: ignore[misc]  # gallery-dl ships no types
    """Runs one extractor."""

    def __init__(self, extr: Any, harvest: Harvest, parent: "GatheringJob | None" = None) -> None:
        super().__init__(extr, parent)
        self.harvest = harvest
        self.depth: int = parent.depth + 1 if parent else 0
        self.owner = str(extr.basecategory or extr.category)
        self._paths: Any = None

    def run(self) -> None:
        """Fill the harvest. Errors of the library pass through.

        Raises:
            Enough: nothing more is wanted.
            SiteWaits: the site wants fewer requests.
        """
        extr = self.extractor
        extr.wait = _wait
        self._init()
        if extr.session is not None:
            extr.session.hooks["response"].append(self._note)
        first = min((first for first, _ in self.harvest.ranges), default=1)
        if first > 1 and self.depth == 0 and extr.skip_files is not None:
            self.harvest.seen += extr.skip_files(first - 1)
        try:
            self.dispatch(extr)
        except exception.StopExtraction:
            return

    def handle_directory(self, kwdict: dict[str, Any]) -> None:
        """A post begins."""
        harvest = self.harvest
        harvest.look()
        harvest.begin_post(kwdict, self.depth)
        if self.owner == "twitter":
            author = (kwdict.get("author") or {}).get("id")
            harvest.tweets.append((kwdict.get("tweet_id"), kwdict.get("conversation_id"), author))

    def handle_url(self, url: str, kwdict: dict[str, Any]) -> None:
        """A file."""
        harvest = self.harvest
        harvest.look()
        if url.startswith("text:"):
            harvest.add({"url": "", "name": self._name(kwdict), "text": url[5:][:MAX_TEXT]})
            return
        if harvest.wants_next():
            harvest.add(self._file(url, kwdict))
        harvest.end_after_ranges()

    def handle_queue(self, url: str, kwdict: dict[str, Any]) -> None:
        """A page where there may be more."""
        harvest = self.harvest
        harvest.look()
        if self.depth >= MAX_DEPTH or not harvest.may_visit(url):
            return
        extr = self._page(url, kwdict)
        if extr is None:
            if "_extractor" not in kwdict and _is_web(url) and harvest.may_link():
                harvest.add({"url": url, "name": "", "video": True, "sure": False})
            return
        if self.extractor.parent:
            extr.session = self.extractor.session
        before = harvest.seen
        try:
            GatheringJob(extr, harvest, self).run()
        except (Enough, MemoryError):
            raise
        except (Exception, SiteWaits) as error:  # raised in the end when nothing is found
            same_site = extr.category == self.extractor.category
            if isinstance(self.extractor, Dispatch) or (same_site and _is_limit(error)):
                raise
            harvest.missed.append(error)
            if harvest.seen == before and kwdict.get("_fallback"):
                for preview in self._fallbacks(kwdict)[:1]:
                    self.handle_url(preview, kwdict)

    def _page(self, url: str, kwdict: Mapping[str, Any]) -> Any:
        """The extractor for a page that another one named."""
        if (kind := kwdict.get("_extractor")) is None:
            found = extractor.find(url) if _is_web(url) else None
        else:
            found = kind.from_url(url)
            if found is None and issubclass(kind, BaseExtractor):  # an instance that the library has no pattern for
                found = kind.from_url(f"{kind.basecategory}:{url}")
        return None if found is None or found.category in NO_SITES else found

    def _file(self, url: str, kwdict: dict[str, Any]) -> dict[str, Any]:
        fallbacks = self._fallbacks(kwdict)
        if "_ytdl_manifest_data" in kwdict and fallbacks:  # the URL of such a file leads nowhere
            url, *fallbacks = fallbacks
        file = {
            "url": url.removeprefix("ytdl:"),
            "name": self._name(kwdict),
            "fallbacks": fallbacks,
            "alt": alt_text(self.owner, kwdict),
        }
        if url.startswith("ytdl:"):
            return file | {"video": True}
        return file | {"headers": self._headers(url, kwdict), "cookie": self._cookie(url)}

    def _fallbacks(self, kwdict: Mapping[str, Any]) -> list[str]:
        """Other addresses of the file; those that would take a request each are left out."""
        extr, found = self.extractor, list[Any]()
        own = extr.__dict__.get("request")
        extr.request = _refuse
        try:
            with suppress(Exception):  # made by the site's extractor; what came before an error counts
                found.extend(islice(kwdict.get("_fallback") or (), MAX_FALLBACKS))
        finally:
            del extr.request
            if own is not None:
                extr.request = own
        return [url for url in found if isinstance(url, str) and _is_web(url)]

    def _headers(self, url: str, kwdict: Mapping[str, Any]) -> dict[str, str]:
        own = url.startswith(f"{self.extractor.root}/")  # what logs in at the site is not for wherever its files are
        kept = {
            name: value
            for name, value in self.extractor.session.headers.items()
            if own or name.lower() != "authorization"
        }
        kept |= {"Accept": "*/*", **(kwdict.get("_http_headers") or {})}
        return {_text(name): _text(value) for name, value in kept.items() if value is not None}

    def _cookie(self, url: str) -> str | None:
        try:
            request = urllib.request.Request(url)  # noqa: S310 - only asks the jar
            self.extractor.session.cookies.add_cookie_header(request)
        except ValueError:  # no address: left out by the other side
            return None
        return request.get_header("Cookie")

    def _name(self, kwdict: dict[str, Any]) -> str:
        """The display name, by the template of the site or of the admin."""
        try:
            if self._paths is None:
                self._paths = PathFormat(self.extractor)
            ending = kwdict.get("extension") or ""
            return str(self._paths.build_filename({**kwdict, "extension": self._paths.extension_map(ending, ending)}))
        except exception.FormatError as error:
            self.extractor.log.warning("%s", error)
            return f"{kwdict.get('filename') or 'file'}.{kwdict.get('extension') or ''}"

    def _note(self, response: Any, *_: Any, **__: Any) -> None:
        self.harvest.status = response.status_code
        self.harvest.retry_after = response.headers.get("Retry-After")


def find(address: str) -> Any:
    """The extractor for an address of ours.

    Raises:
        NoExtractorError: none, or one that is no site.
    """
    found = extractor.find(address)
    if found is None or found.category in NO_SITES:
        raise exception.NoExtractorError
    return found


def configure(values: Mapping[str, Any]) -> None:
    """Set the library's global configuration, and forget what it would keep of other requests."""
    config.clear()
    util.FLAGS.clear()
    for key, value in values.items():
        config.setg(key, value)
    memory = extractor.common.CACHE_MEMORY
    for key in [key for key, (_, expires) in memory.items() if not expires]:  # keyed by user name, without the site
        del memory[key]


def _wait(seconds: Any = None, until: Any = None, adjust: float = 1.0, **_: Any) -> None:
    """Stands in for `Extractor.wait`, which sleeps."""
    if not seconds:
        moment = until.replace(tzinfo=until.tzinfo or UTC).timestamp() if isinstance(until, datetime) else float(until)
        seconds = moment - time.time()
    seconds = float(seconds) + adjust
    if seconds > PATIENCE:
        raise SiteWaits(seconds)
    time.sleep(max(seconds, 0.0))


def _refuse(*_: Any, **__: Any) -> None:
    raise PermissionError("no requests here")


def _is_limit(error: BaseException) -> bool:
    return isinstance(error, SiteWaits) or getattr(error, "status", None) == 429


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
