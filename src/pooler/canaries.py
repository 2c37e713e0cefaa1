"""Whether the libraries that read sites still do: `python -m pooler.canaries URL ...`. Wiring only.

Prints each check that failed as one line, and ends with status 1 when there was any. Runs in a process of its own, so
that it sees what was installed a moment ago.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import BossBotError
from core.host_list import HostList, parse_hosts
from core.models import UrlType
from core.sandbox_network import GuardedNetwork
from core.settings import MIB, Settings, read_settings
from core.version_floors import CURL_CFFI, YT_DLP, old
from download_module.egress import Egress
from download_module.egress.guard import EgressGuard
from download_module.egress.limits import limits_for
from download_module.extractors.base_extractor import Wish
from download_module.extractors.registry import all_extractors
from download_module.extractors.warm_children import ChildLimits
from download_module.library_matchers import load_patterns
from download_module.sites import sites_from
from download_module.url_detector import UrlDetector
from download_module.way_out import WayOut

FIXTURE_HOST = "127.0.0.1"
PAGE = b"<!DOCTYPE html><title>A canary</title><video controls><source src='/clip.mp4' type='video/mp4'></video>"


async def faults_of(settings: Settings, links: Sequence[str]) -> list[str]:
    """The checks that failed, a line each: versions, both libraries' start, a page of our own, these links."""
    faults = [f"{floor.name} {found} is too old: {floor.reason}" for floor, found in old((YT_DLP, CURL_CFFI))]
    with TemporaryDirectory() as directory:
        patterns = await load_patterns(Path(directory))
    if patterns is None:
        return [*faults, "neither yt-dlp nor gallery-dl could be started"]
    faults += [f"{library} could not be started" for library in patterns.missing()]
    async with _page() as url:
        faults += await _extracted([url], settings, allow=parse_hosts(FIXTURE_HOST), only=UrlType.YTDLP)
    if links:
        detector = UrlDetector()
        detector.patterns = patterns
        faults += await _extracted(links, settings, allow=settings.egress_allow, detector=detector)
    return faults


async def _extracted(
    links: Sequence[str],
    settings: Settings,
    *,
    allow: HostList,
    detector: UrlDetector | None = None,
    only: UrlType | None = None,
) -> list[str]:
    """Ask the extractors for each link; the lines of those that gave nothing."""
    async with AsyncExitStack() as stack:
        guard = EgressGuard(allow, settings.egress_deny, limits=limits_for(MIB))
        await guard.start()
        stack.push_async_callback(guard.stop)
        network = GuardedNetwork(guard.adopt, guard.proxy("probe", None).port)
        stack.callback(network.close)
        limits = ChildLimits(timeout=settings.extract_timeout, memory_bytes=settings.extract_memory_mb * MIB, at_once=1)
        egress = Egress(allow, settings.egress_deny)
        extractors = all_extractors(egress, sites_from(settings), limits, browser=None, network=network)
        for extractor in extractors.values():
            stack.push_async_callback(extractor.close)
        faults = []
        for number, link in enumerate(links, 1):
            wish = Wish(way_out=replace(WayOut(guard=guard), download_id=number))
            candidates = (only,) if only else detector.detect(link).candidates if detector else ()
            told = "nobody reads it"
            for kind in candidates:
                if kind not in extractors:
                    continue
                try:
                    plan = await extractors[kind].extract(link, wish)
                except BossBotError as error:
                    told = f"{kind}: {error}"
                    continue
                if plan.outputs or plan.children:
                    break
            else:
                faults.append(f"{'a page of our own' if only else link} could not be read: {told}")
        return faults


@asynccontextmanager
async def _page() -> AsyncIterator[str]:
    """A page with a video, on this machine."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        is_page = request.split(b" ")[1].startswith(b"/watch")
        kind, body = (b"text/html", PAGE) if is_page else (b"video/mp4", b"\0" * 64)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        writer.write(head % (kind, len(body)) + (b"" if request.startswith(b"HEAD") else body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, FIXTURE_HOST, 0)
    async with server:
        yield f"http://{FIXTURE_HOST}:{server.sockets[0].getsockname()[1]}/watch"


def main() -> int:
    """The entry point."""
    try:
        faults = asyncio.run(faults_of(read_settings(), sys.argv[1:]))
    except BossBotError as error:
        faults = [str(error)]
    print("\n".join(faults), end="\n" if faults else "")  # noqa: T201  (for whoever started it)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
