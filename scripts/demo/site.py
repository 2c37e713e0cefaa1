"""The site that the demo fetches from: sample media of ffmpeg's on loopback, in four forms."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.media_server import MediaServer
from tests.support.sample_media import add_split_video, add_video_page, clip, page
from tests.support.swarm import Swarm

MIB = 1024 * 1024
SECONDS = 10
LARGE, SMALL = "960x540", "640x360"
# Bytes a second, so that a person can watch: each transfer takes some four to six seconds.
FILE_RATE = 1.9 * MIB
PAGE_RATE = 1.2 * MIB
SPLIT_RATE = 0.6 * MIB
SEEDER_RATE = 2.2 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One link of the site, and the files that what is behind it is made of."""

    what: str
    url: str
    originals: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """The media before they are put on the site."""

    file: Path
    page: Path
    torrent: Path


def can_seed() -> bool:
    """Whether there is a tracker; without one the torrent is left out."""
    return shutil.which("opentracker") is not None


async def make_clips(directory: Path) -> Clips:
    """Have ffmpeg make the clips of the file, the page and the torrent, which all differ."""

    def make(path: Path, size: str, quality: int) -> Path:
        return clip(path, SECONDS, size, options=("-crf", str(quality)))

    clips = Clips(file=directory / "lighthouse.mp4", page=directory / "harbour.mp4", torrent=directory / "aurora.mkv")
    await asyncio.gather(
        asyncio.to_thread(make, clips.file, LARGE, 4),
        asyncio.to_thread(make, clips.page, SMALL, 2),
        asyncio.to_thread(make, clips.torrent, LARGE, 12),
    )
    return clips


@contextlib.asynccontextmanager
async def open_site(directory: Path, clips: Clips) -> AsyncIterator[list[Sample]]:
    """Serve the clips, and video and audio that lie apart, until the end of the block."""
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(MediaServer())
        apart = directory / "apart"
        await asyncio.to_thread(add_split_video, server, "/tides", apart, seconds=SECONDS, sizes=(SMALL,))
        for track in (f"/tides/video-{SMALL}.mp4", "/tides/audio.m4a"):
            server.change(track, rate=SPLIT_RATE)
        player = '<video controls><source src="/tides/manifest.mpd" type="application/dash+xml"></video>'
        samples = [
            Sample(
                what="a plain file",
                url=server.add("/files/lighthouse.mp4", clips.file, rate=FILE_RATE),
                originals=(clips.file,),
            ),
            Sample(
                what="a page with a video",
                url=add_video_page(server, "/watch/harbour", clips.page, title="Harbour at dawn", rate=PAGE_RATE),
                originals=(clips.page,),
            ),
            Sample(
                what="video + audio apart",
                url=server.add_page("/watch/tides", page("Low tide", player)),
                originals=(apart / f"video-{SMALL}.mp4", apart / "audio.m4a"),
            ),
        ]
        if can_seed():
            swarm = await stack.enter_async_context(_seeded(directory / "swarm", clips.torrent))
            url = server.add("/torrents/aurora.torrent", swarm.torrent_path, content_type="application/x-bittorrent")
            samples.append(Sample(what="a torrent", url=url, originals=(clips.torrent,)))
        yield samples


@contextlib.asynccontextmanager
async def _seeded(directory: Path, file: Path) -> AsyncIterator[Swarm]:
    directory.mkdir()
    swarm = Swarm(directory, {file.name: file}, upload_limit=int(SEEDER_RATE))
    with (directory / "output.log").open("w") as log, contextlib.ExitStack() as output:
        output.enter_context(contextlib.redirect_stdout(log))
        await swarm.__aenter__()
        output.close()
        try:
            yield swarm
        finally:
            output.enter_context(contextlib.redirect_stdout(log))
            await swarm.__aexit__(None, None, None)
