"""Pages that yt-dlp reads: asks a warm child, which has limits, and turns its answer into a plan."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from deno import find_deno_bin
from loguru import logger
from pydantic import ValidationError

from core.errors import BossBotError, ExtractionError, MediaNotFound, UnsupportedUrl
from core.sandbox import Network
from download_module.egress import Egress
from download_module.extractors.admins_files import admins_files
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.warm_children import TOO_HUNGRY, TOO_SLOW, ChildLimits, ChildNetwork, WarmChildren
from download_module.extractors.ytdlp_answers import Answer
from download_module.extractors.ytdlp_choice import Wanted
from download_module.extractors.ytdlp_errors import error_of, is_own_fault
from download_module.extractors.ytdlp_plans import plan_of
from download_module.extractors.ytdlp_playlists import items_of
from download_module.plan import DownloadPlan
from download_module.sites import Site, Sites

CHILD = "download_module.extractors.ytdlp_child"
PASSED_ON = ("user-agent", "referer", "origin", "accept-language", "authorization")
METHODS = {False: "api", True: "cli"}


class YtdlpExtractor:
    """Plans a file for each video of a page, and a child for each entry of a playlist."""

    def __init__(
        self,
        egress: Egress,
        limits: ChildLimits,
        *,
        sites: Sites | None = None,
        network: ChildNetwork = Network.HOST,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """Start no child yet.

        Args:
            egress: decides what may be reached.
            limits: of a child.
            sites: the admin's rules for single sites.
            network: of children.
            inherit: descriptors that children keep open.
        """
        self._egress = egress
        self._sites = sites or Sites()
        self._children = WarmChildren(CHILD, limits, network=network, reads=admins_files(self._sites), inherit=inherit)

    async def extract(
        self, url: str, wish: Wish = ANYTHING, *, headers: Sequence[tuple[str, str]] = ()
    ) -> DownloadPlan:
        """See `Extractor`.

        Args:
            url: a page, or a manifest.
            wish: what of it is wanted.
            headers: of the page on which a browser found this URL: its cookies go to the URL's host alone.
        """
        if not url.lower().startswith(("http://", "https://")) or "__youtubedl_smuggle" in url:
            raise UnsupportedUrl
        await self._egress.check(url)
        site = self._sites.of(url)
        answer, method = await self._answer(_request(url, wish, headers, site), site)
        if answer.refusal is not None:
            logger.bind(status=answer.refusal.status).info("yt-dlp: {}", answer.refusal.message)
            raise error_of(answer.refusal)
        if not answer.entries and not answer.children:
            raise _nothing_of(wish)
        plan = await asyncio.to_thread(plan_of, url, answer, wish, method=method)  # playlists of 20,000 segments
        for address in _addresses(plan):
            await self._egress.check(address)
        return plan

    async def close(self) -> None:
        """See `Extractor`."""
        await self._children.close()

    async def _answer(self, request: Mapping[str, Any], site: Site) -> tuple[Answer, str]:
        """What a child says, and how it found out: by the library or by the program."""
        program = not site.use_library
        try:
            answer = await self._ask(request, program=program)
            if answer.refusal is None or not is_own_fault(answer.refusal) or not site.fall_back:
                return answer, METHODS[program]
        except ExtractionError as error:
            if not site.fall_back or str(error) in (TOO_SLOW, TOO_HUNGRY):  # the other would be so too
                raise
        logger.bind(site=site.name, program=not program).info("yt-dlp failed and is run the other way")
        return await self._ask(request, program=not program), METHODS[not program]

    async def _ask(self, request: Mapping[str, Any], *, program: bool) -> Answer:
        said = await self._children.ask({**request, "program": program})
        try:
            return Answer.model_validate_json(said)
        except ValidationError as error:
            logger.error("yt-dlp's child answered what makes no sense: {}", str(error)[:500])
            raise ExtractionError from error


def _request(url: str, wish: Wish, headers: Sequence[tuple[str, str]], site: Site) -> dict[str, Any]:
    """What `ytdlp_asked.Asked` reads."""
    options = wish.options
    cookies = [value for name, value in headers if name.lower() == "cookie"]
    return {
        "url": url,
        "headers": {name: value for name, value in headers if name.lower() in PASSED_ON},
        "cookie": "; ".join(cookies) or None,
        "cookie_jar": site.cookie_jar(url),
        "proxy": wish.way_out.through(site.proxy).url("ytdlp"),
        "options": dict(site.options.get("ytdlp", {})),
        "deno": _deno(),
        "items": items_of(options, wish.max_items),
        "wanted": asdict(_wanted(wish)),
        "live_seconds": min(options.live * 60.0, wish.max_live_seconds) if options.live else None,
        "subtitles": options.subtitles,
    }


def _wanted(wish: Wish) -> Wanted:
    clip = wish.options.stretch
    seconds = None
    if clip is not None:
        seconds = clip.length or (clip.end - (clip.start or 0.0) if clip.end is not None else None)
    return Wanted(
        limit_bytes=wish.limit_bytes,
        max_height=wish.options.max_height,
        smallest=wish.options.quality == "worst",
        audio=wish.options.wants_audio,
        seconds=seconds,
        clip=clip is not None,
    )


@cache
def _deno() -> str | None:
    """The JavaScript runtime that YouTube's challenges need, from the package registry, not from PATH."""
    try:
        return str(find_deno_bin())
    except FileNotFoundError:
        logger.warning("deno is missing: some formats of YouTube can't be fetched. Install the package deno.")
        return None


def _nothing_of(wish: Wish) -> BossBotError:
    if wish.options.items:
        return MediaNotFound(f"This list has no entries {wish.options.items}. Ask for other ones.")
    return UnsupportedUrl()


def _addresses(plan: DownloadPlan) -> Collection[str]:
    """One URL for each host that the plan leads to."""
    uris = [uri for part in plan.parts for uri in part.uris]
    uris += [uri for output in plan.outputs if output.live for uri in output.live.playlists]
    return {"/".join(uri.split("/", 3)[:3]): uri for uri in uris}.values()
