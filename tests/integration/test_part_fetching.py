"""From the parts of a plan to files in staging, with a real aria2c, a real site, and a browser's double."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.errors import BossBotError, ChecksumMismatch, MediaNotFound, SourceExpired, SourceUnreachable, TooLarge
from core.models import Progress
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.impersonating import Impersonator
from download_module.part_fetching import Fetched, PartFetcher
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.staging import Staging, StagingArea
from tests.download_module.given import MIB, holds, nothing, payload
from tests.integration.aria2_given import left
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """As much of a claimed row as is needed here."""

    id: int
    epoch: int
    size_limit_bytes: int | None = None


@pytest.fixture
def fetcher(downloader: Aria2cDownloader) -> PartFetcher:
    return PartFetcher(downloader=downloader, impersonator=Impersonator(), max_bytes=64 * MIB)


def plan(*parts: Part, optional: bool = False) -> DownloadPlan:
    """An output for each part."""
    outputs = tuple(Output(filename="a", kind=Kind.IMAGE, parts=(part,), optional=optional) for part in parts)
    return DownloadPlan(source_url="http://site.test/", extractor="test", outputs=outputs)


def opened(directory: Path, wanted: DownloadPlan, epoch: int = 1) -> Staging:
    staging = StagingArea(directory, owner="me", is_dead=lambda _: False).open(1, epoch)
    staging.prepare(wanted.parts)
    return staging


async def fetch(
    fetcher: PartFetcher,
    wanted: DownloadPlan,
    directory: Path,
    *,
    epoch: int = 1,
    last_try: bool = False,
    report: Callable[[Progress], None] = nothing,
) -> Fetched:
    staging = opened(directory, wanted, epoch)
    return await fetcher.fetch(Row(id=1, epoch=epoch), wanted, staging, report, last_try=last_try)


async def test_known_bytes_are_written_and_the_others_fetched(
    fetcher: PartFetcher, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    wanted = plan(Part(content=b"a post"), Part(uris=(server.add("/a", payload(MIB)),)))
    fetched = await fetch(fetcher, wanted, tmp_path)
    ((text,), (file,)) = fetched.files
    assert text.read_bytes() == b"a post"
    assert holds(file, payload(MIB))
    assert fetched.lost == {}
    assert left(daemon) == []


async def test_only_the_stretches_that_are_needed_are_fetched(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(40 * MIB, 7)
    ranges = ((0, 100_000), (20 * MIB, 21 * MIB), (40 * MIB - 1000, 40 * MIB))
    part = Part(uris=(server.add("/film.mp4", body, rate=MIB),), size=body.size, ranges=ranges, identity="v1")
    seen: list[Progress] = []
    ((file,),) = (await fetch(fetcher, plan(part), tmp_path, report=seen.append)).files
    assert file.stat().st_size == body.size
    with file.open("rb") as opened_file:
        for first, end in ranges:
            opened_file.seek(first)
            assert opened_file.read(end - first) == b"".join(
                bytes(body.read(at, min(MIB, end - at))) for at in range(first, end, MIB)
            )
    assert server.bytes_served() < 6 * MIB
    assert all(now.downloaded_bytes <= sum(end - first for first, end in ranges) for now in seen)
    assert any(0 < now.progress < 100 for now in seen)


async def test_a_part_that_is_done_is_not_fetched_again_and_counts(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/b", 7, status=500, ranges=False, delay=0.5)
    parts = [Part(uris=(server.add("/a", payload(MIB)),), identity="a"), Part(uris=(server.url("/b"),), identity="b")]
    with pytest.raises(SourceUnreachable):
        await fetch(fetcher, plan(*parts), tmp_path)
    server.add("/b", payload(2 * MIB), rate=2 * MIB)
    seen: list[Progress] = []
    await fetch(fetcher, plan(*parts), tmp_path, epoch=2, report=seen.append)
    assert server.bytes_served("/a") == MIB
    assert all(now.downloaded_bytes >= MIB for now in seen)


@pytest.mark.parametrize("optional", [True, False])
async def test_a_picture_that_is_gone_is_lost_alone_when_its_output_is_optional(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path, optional: bool
) -> None:
    parts = [Part(uris=(server.add("/a.jpg", 1000),)), Part(uris=(server.url("/gone.jpg"),))]
    if not optional:
        with pytest.raises(SourceExpired):
            await fetch(fetcher, plan(*parts), tmp_path)
        return
    fetched = await fetch(fetcher, plan(*parts, optional=True), tmp_path)
    assert [len(files) for files in fetched.files] == [1, 0]
    assert list(fetched.lost) == [1]


async def test_a_passing_fault_loses_a_picture_only_in_the_last_try(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/b.jpg", b"no", status=500, ranges=False)
    parts = [Part(uris=(server.add("/a.jpg", 1000),)), Part(uris=(server.url("/b.jpg"),))]
    with pytest.raises(SourceUnreachable):
        await fetch(fetcher, plan(*parts, optional=True), tmp_path)
    fetched = await fetch(fetcher, plan(*parts, optional=True), tmp_path, epoch=2, last_try=True)
    assert list(fetched.lost) == [1]


async def test_a_gallery_of_which_nothing_is_left_fails(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    parts = [Part(uris=(server.url(f"/gone-{number}"),)) for number in range(3)]
    with pytest.raises(SourceExpired):
        await fetch(fetcher, plan(*parts, optional=True), tmp_path)


async def test_a_fallback_may_have_another_size(fetcher: PartFetcher, server: MediaServer, tmp_path: Path) -> None:
    good = server.add("/small.jpg", payload(1000))
    part = Part(uris=(server.url("/gone"),), size=5000, identity="v1", fallbacks=(good,))
    ((file,),) = (await fetch(fetcher, plan(part), tmp_path)).files
    assert holds(file, payload(1000))


async def test_a_file_of_another_size_is_fetched_once_more_and_then_refused(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    part = Part(uris=(server.add("/a", 1000, ranges=False, length="none"),), size=1001)
    with pytest.raises(ChecksumMismatch, match="1000 bytes instead of 1001"):
        await fetch(fetcher, plan(part), tmp_path)
    assert len(server.requests("/a")) == 2


# -- a browser's double ------------------------------------------------------------------------------------------


def shy(url: str, **more: object) -> Part:
    return Part(uris=(url,), impersonate="chrome", headers=(("Referer", "http://site.test/"),), **more)  # type: ignore[arg-type]


async def test_a_server_that_wants_a_browser_gets_one(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path
) -> None:
    url = server.add("/shy", payload(3 * MIB), requires={"Referer": "http://site.test/"}, rate=4 * MIB)
    seen: list[Progress] = []
    wanted = plan(shy(url, size=3 * MIB), Part(uris=(server.add("/open", payload(7)),)))
    ((file,), (other,)) = (await fetch(fetcher, wanted, tmp_path, report=seen.append)).files
    assert holds(file, payload(3 * MIB))
    assert holds(other, payload(7))
    assert "Chrome" in server.requests("/shy")[0].headers["user-agent"]
    assert any(0 < now.downloaded_bytes < 3 * MIB for now in seen)


@pytest.mark.parametrize(("etag", "kept"), [('"v1"', True), (None, False)])
async def test_its_bytes_are_continued_when_there_is_a_validator(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path, etag: str | None, kept: bool
) -> None:
    url = server.add("/shy", payload(4 * MIB), etag=etag, rate=4 * MIB)
    wanted = plan(shy(url, size=4 * MIB, identity="v1"))
    fetching = asyncio.create_task(fetch(fetcher, wanted, tmp_path))
    target = tmp_path / ".staging" / "1-1" / "0.part"
    await wait_until(lambda: target.exists() and target.stat().st_size > MIB)
    fetching.cancel()
    await asyncio.wait([fetching])
    await server.wait_until_idle("/shy")
    server.change("/shy", rate=None)
    ((file,),) = (await fetch(fetcher, wanted, tmp_path, epoch=2)).files
    assert holds(file, payload(4 * MIB))
    assert (server.requests("/shy")[-1].range is not None) is kept


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ({"status": 404, "ranges": False}, MediaNotFound),
        ({"status": 503, "ranges": False, "fail_first": 9, "retry_after": 30}, SourceUnreachable),
        ({"length": 10**12, "ranges": False}, TooLarge),
    ],
    ids=str,
)
async def test_its_refusals_are_told(
    fetcher: PartFetcher, server: MediaServer, tmp_path: Path, behaviour: dict[str, Any], error: type[BossBotError]
) -> None:
    url = server.add("/shy", payload(MIB), **behaviour)
    with pytest.raises(error) as refused:
        await fetch(fetcher, plan(shy(url)), tmp_path)
    assert refused.value.retry_after == behaviour.get("retry_after")
