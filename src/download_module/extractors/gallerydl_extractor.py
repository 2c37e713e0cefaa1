"""Posts, albums and galleries that gallery-dl reads: asks it in a warm child, and makes a plan of the answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from loguru import logger
from pydantic import ValidationError

from core.errors import BossBotError, ExtractionError, RateLimited, SourceUnreachable, UnsupportedUrl
from core.sandbox import Network
from download_module.egress import Egress
from download_module.extractors.admins_files import admins_files
from download_module.extractors.base_extractor import ANYTHING, Extractor, Wish
from download_module.extractors.gallerydl_answer import Answer, File
from download_module.extractors.gallerydl_config import Request
from download_module.extractors.gallerydl_errors import error_of, is_own_fault, nothing_found
from download_module.extractors.gallerydl_instances import INSTANCES
from download_module.extractors.gallerydl_metadata import metadata_of
from download_module.extractors.gallerydl_plan import named_after, output_of
from download_module.extractors.gallerydl_program import ask_program
from download_module.extractors.warm_children import ChildLimits, ChildNetwork, WarmChildren
from download_module.plan import DownloadPlan, Kind, Output
from download_module.sites import Site, Sites

MODULE = "download_module.extractors.gallerydl_child"
ENOUGH = 0.7  # of the time limit; what was found by then is taken
ASKED = ("quoted", "replies", "retweets", "videos")  # options of a download that are gallery-dl's


class GallerydlExtractor:
    """Plans an output for each file of a post, thread, album, board or user."""

    def __init__(
        self,
        egress: Egress,
        sites: Sites,
        video: Extractor,
        limits: ChildLimits,
        *,
        network: ChildNetwork = Network.HOST,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """Make it; children start when they are needed.

        Args:
            egress: decides what may be reached.
            sites: the admin's rules for single sites.
            video: is asked for videos that are pages or manifests. It belongs to the caller, who closes it.
            limits: of a child, and of the command-line program.
            network: of both.
            inherit: descriptors that children keep open.
        """
        self._egress = egress
        self._sites = sites
        self._video = video
        self._limits = limits
        self._network = network
        self._inherit = inherit
        self._children = WarmChildren(MODULE, limits, network=network, reads=admins_files(sites), inherit=inherit)

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        _check_scheme(url)
        await self._egress.check(url)
        site = self._sites.of(url)
        request = self._request(url, wish, site)
        answer, method = await self._ask(request, site)
        if answer.fault is not None:
            logger.bind(kinds=answer.fault.kinds[:1], status=answer.fault.status).info(
                "gallery-dl: {} {}", answer.fault.message or "does not know this page", answer.said
            )
            raise _refusal(answer)
        if answer.cut:
            logger.bind(files=len(answer.files), seen=answer.seen).info("a gallery has more files than are taken")
        outputs = await self._outputs(answer, wish, with_text=bool(request["site"].get("text")))
        metadata = metadata_of(answer, method)
        return DownloadPlan(
            source_url=url,
            extractor=metadata.platform or "gallery-dl",
            outputs=outputs,
            title=metadata.title or outputs[0].filename,
            author=metadata.author,
            metadata=metadata,
        )

    async def close(self) -> None:
        """See `Extractor`."""
        await self._children.close()

    def _request(self, url: str, wish: Wish, site: Site) -> Request:
        options = site.options
        instance = options.get("instance")
        if instance is not None and instance not in INSTANCES:
            logger.bind(site=site.name).error("gallery-dl knows no software called {}", instance)
            instance = None
        asked = {name: getattr(wish.options, name) for name in ASKED}
        return {
            "url": url,
            "instance": instance,
            "items": list(wish.options.ranges),
            "max_items": wish.max_items,
            "seconds": self._limits.timeout * ENOUGH,
            "asked": {name: value for name, value in asked.items() if value is not None},
            "site": dict(options.get("gallerydl", {})),
            "admin": dict(options.get("gallerydl_config", {})),
            "cookies": site.cookie_jar(url),
            "proxy": wish.way_out.through(site.proxy).url("gallerydl"),
        }

    async def _ask(self, request: Request, site: Site) -> tuple[Answer, str]:
        """The answer, and by which way it came: `api` (the library) or `cli` (its program)."""
        ways = [("api", self._ask_library), ("cli", self._ask_program)]
        (method, ask), (other, ask_other) = ways if site.use_library else reversed(ways)
        try:
            answer = await ask(request)
            if not site.fall_back or answer.fault is None or not is_own_fault(answer.fault):
                return answer, method
            logger.bind(way=method).warning("gallery-dl failed: {} {}", answer.fault.kinds[0], answer.fault.message)
        except ExtractionError as error:
            if not site.fall_back or isinstance(error.__cause__, TimeoutError):  # the other way would wait as long
                raise
        return await ask_other(request), other

    async def _ask_library(self, request: Request) -> Answer:
        line = await self._children.ask(request)
        try:
            return Answer.model_validate_json(line)
        except ValidationError as error:
            logger.error("gallery-dl's child gave an answer that is none: {}", str(error)[:500])
            raise ExtractionError from error

    async def _ask_program(self, request: Request) -> Answer:
        return await ask_program(request, self._limits, network=self._network, inherit=self._inherit)

    async def _outputs(self, answer: Answer, wish: Wish, *, with_text: bool) -> tuple[Output, ...]:
        """The outputs in the order of the files.

        Raises:
            BossBotError: why there are none.
        """
        plans, failures = await self._videos(answer.files, wish)
        outputs = []
        for file in answer.files:
            if file.video:
                outputs += [named_after(output, file) for output in plans.pop(file.url, ())]
            elif (output := output_of(file)) is not None:
                outputs.append(output)
        outputs = [output for output in outputs if _is_wanted(output, wish)][: wish.max_items]
        if not with_text and all(output.kind is Kind.DOCUMENT and output.parts[0].content for output in outputs):
            outputs = []  # words without media
        if not outputs:
            raise failures[0] if failures else nothing_found(answer)
        outputs = await self._reachable(outputs)
        return tuple(replace(output, optional=len(outputs) > 1) for output in outputs)

    async def _videos(
        self, files: Sequence[File], wish: Wish
    ) -> tuple[dict[str, tuple[Output, ...]], list[BossBotError]]:
        """What the other extractor makes of videos, by their URL, and why it can't make anything of some."""
        wanted = {file.url: file for file in files if file.video}
        found = await asyncio.gather(*(self._video_of(file, wish) for file in wanted.values()))
        plans = {url: got for url, got in zip(wanted, found, strict=True) if isinstance(got, tuple)}
        failures = [got for got in found if isinstance(got, BossBotError)]
        return plans, failures

    async def _video_of(self, file: File, wish: Wish) -> tuple[Output, ...] | BossBotError:
        try:
            _check_scheme(file.url)
            alone = replace(wish, options=wish.options.model_copy(update={"items": None}))
            return (await self._video.extract(file.url, alone)).outputs
        except BossBotError as error:
            logger.bind(error=error.kind, sure=file.sure).info("no video behind a link of a post")
            for url in file.fallbacks:
                output = output_of(file.model_copy(update={"url": url, "fallbacks": []}))
                if output is not None:
                    return (output,)
            return error

    async def _reachable(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs at addresses that may be reached, with those other addresses that may be, too.

        Raises:
            ForbiddenTarget: none of them is at such an address.
        """
        hosts: dict[str, BossBotError | None] = {}

        async def fault_of(url: str) -> BossBotError | None:
            host = _origin(url)
            if host not in hosts:
                try:
                    await self._egress.check(url)
                    hosts[host] = None
                except BossBotError as error:
                    hosts[host] = error
            return hosts[host]

        kept: list[Output] = []
        faults: list[BossBotError] = []
        for output in outputs:
            found = [fault for part in output.parts for uri in part.uris if (fault := await fault_of(uri)) is not None]
            # A host without an address may be found later; its transfer says so if not.
            if found and not (len(outputs) > 1 and all(isinstance(fault, SourceUnreachable) for fault in found)):
                faults += found
                continue
            parts = [
                replace(part, fallbacks=tuple([url for url in part.fallbacks if await fault_of(url) is None]))
                for part in output.parts
            ]
            kept.append(replace(output, parts=tuple(parts)))
        if not kept:
            raise faults[0]
        if faults:
            logger.bind(left_out=len(outputs) - len(kept)).warning("files at addresses that are not allowed")
        return kept


def _check_scheme(url: str) -> None:
    """Raise `UnsupportedUrl` for all but web addresses: gallery-dl obeys prefixes that read files."""
    if not url.lower().startswith(("https://", "http://")):
        raise UnsupportedUrl


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        return url
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(answer: Answer) -> BossBotError:
    assert answer.fault is not None, "asked only then"
    error = error_of(answer.fault, answer.said)
    if answer.guessed and not isinstance(error, RateLimited):
        return UnsupportedUrl()  # other software than it looked like
    return error


def _is_wanted(output: Output, wish: Wish) -> bool:
    if wish.options.wants_audio:
        return output.kind is Kind.AUDIO
    return wish.options.videos is not False or output.kind is not Kind.VIDEO
