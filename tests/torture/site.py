"""The site that everything is fetched from: makes fresh links of all shapes, each file known by its bytes."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.galleries import Galleries, serving
from tests.support.media_server import MediaServer
from tests.support.player_pages import add_click_page
from tests.support.sample_media import add_hls, add_split_video, audio_only, clip, page
from tests.support.swarm import Swarm
from tests.support.video_pages import add_feed
from tests.torture.links import Link, digest

KIB = 1024
UPLOAD_LIMIT = 400 * KIB  # bytes; all media is smaller, but for what has to be compressed
SHAPES = {  # and how often each is asked for
    "direct": 8,
    "changing": 2,
    "expiring": 2,
    "merged": 2,
    "hls": 2,
    "gallery": 2,
    "playlist": 1,
    "large": 1,
    "torrent": 1,
    "browser": 2,
    "inward": 1,
    "proxied": 0.5,
}
FIRST = ("browser", "large", "torrent", "browser", "hls", "merged", "playlist", "browser")  # what takes longest
PORT_OF_NOBODY = 8089  # behind the proxy that does not answer


@dataclass(kw_only=True)
class Site:
    """Makes links. `links` knows them by URL, entries of playlists included."""

    server: MediaServer
    galleries: Galleries
    swarm: Swarm
    media: Path
    inward: str  # an address that may not be reached
    chance: random.Random
    links: dict[str, Link] = field(default_factory=dict)
    changing: list[str] = field(default_factory=list)  # paths whose bytes may be replaced at any time
    made: int = 0
    first: Iterator[str] = field(default_factory=lambda: iter(FIRST))

    def link(self, shape: str | None = None) -> Link:
        """A new link, of the shape or of any: first each of `FIRST`, then by chance."""
        shape = shape or next(self.first, None) or self.chance.choices(list(SHAPES), list(SHAPES.values()))[0]
        self.made += 1
        link: Link = getattr(self, f"_{shape}")(f"/{shape}/{self.made}")
        self.links[link.url] = link
        return link

    def replace_one(self) -> str | None:
        """Other bytes behind a link that was given out; which."""
        if not self.changing:
            return None
        path = self.chance.choice(self.changing)
        url, content = self.server.url(path), self._bytes()
        self.server.add(path, content, etag=f'"{digest(content)[:8]}"')
        known = self.links[url]
        versions = (*known.versions, (digest(content),))
        self.links[url] = Link(shape="changing", url=url, versions=versions)
        return path

    # -- one of each shape ---------------------------------------------------------------------------------------

    def _bytes(self) -> bytes:
        return self.chance.randbytes(self.chance.randint(20 * KIB, 300 * KIB))

    def _file(self, path: str) -> tuple[str, str]:
        content = self._bytes()
        rate = self.chance.choice((None, 200 * KIB, 60 * KIB))
        return self.server.add(path, content, etag=f'"{digest(content)[:8]}"', rate=rate), digest(content)

    def _direct(self, path: str) -> Link:
        url, sha = self._file(f"{path}.bin")
        return Link(shape="direct", url=url, versions=((sha,),))

    def _changing(self, path: str) -> Link:
        url, sha = self._file(f"{path}.bin")
        self.changing.append(f"{path}.bin")
        return Link(shape="changing", url=url, versions=((sha,),))

    def _expiring(self, path: str) -> Link:
        """A page whose film has another address at each look, and the one before is refused from then on."""
        film = self.media / "small.mp4"

        def look(number: int) -> str:
            if number:
                self.server.change(f"{path}/{number - 1}.mp4", status=403)
            url = self.server.add(f"{path}/{number}.mp4", film, rate=100 * KIB)
            return page("A film", f'<video controls><source src="{url}" type="video/mp4"></video>')

        url = self.server.add(path, look, content_type="text/html; charset=utf-8")
        return Link(shape="expiring", url=url, versions=((digest(film.read_bytes()),),))

    def _merged(self, path: str) -> Link:
        url = add_split_video(self.server, path, self.media / "split", seconds=2, rate=200 * KIB)
        return Link(shape="merged", url=url, made=1)

    def _hls(self, path: str) -> Link:
        url = add_hls(self.server, path, self.media / "hls", seconds=4, rate=200 * KIB)
        return Link(shape="hls", url=url, made=1)

    def _gallery(self, path: str) -> Link:
        attached, sums = [], []
        for number in range(self.chance.randint(2, 12)):
            content = b"\xff\xd8\xff\xe0" + self.chance.randbytes(20 * KIB)
            url = self.server.add(f"{path}/{number}.jpg", content, content_type="image/jpeg")
            attached.append(self.galleries.attachment(f"{number}.jpg") | {"url": url})
            sums.append(digest(content))
        url = self.galleries.toot(*attached)
        return Link(shape="gallery", url=url, versions=(tuple(sums),), partial=True)

    def _playlist(self, path: str) -> Link:
        sound = self.media / "episode.mp3"
        for number in range(1, 4):
            url = self.server.add(f"{path}/{number}.mp3", sound, content_type="audio/mpeg")
            self.links[url] = Link(shape="entry", url=url, versions=((digest(sound.read_bytes()),),))
        return Link(shape="playlist", url=add_feed(self.server, path, 3))

    def _large(self, path: str) -> Link:
        url = self.server.add(f"{path}.mp4", self.media / "large.mp4", content_type="video/mp4")
        return Link(shape="large", url=url, made=1)

    def _torrent(self, path: str) -> Link:
        url = self.server.add(f"{path}.torrent", self.swarm.torrent_path, content_type="application/x-bittorrent")
        return Link(shape="torrent", url=url, versions=((digest(self.swarm.content.read_bytes()),),))

    def _browser(self, path: str) -> Link:
        url = add_click_page(self.server, path, self.media / "small.mp4")
        return Link(shape="browser", url=url, versions=((digest((self.media / "small.mp4").read_bytes()),),))

    def _inward(self, path: str) -> Link:
        """A link that leads where nobody may go: by itself, by a redirect, by a page, by a playlist."""
        match self.chance.randrange(4):
            case 0:
                url = f"{self.inward}{path}.mp4"
            case 1:
                url = self.server.add_redirect(f"{path}.mp4", f"{self.inward}/film.mp4")
            case 2:
                tag = f'<video controls><source src="{self.inward}/film.mp4" type="video/mp4"></video>'
                url = self.server.add_page(path, page("A film", tag))
            case _:
                lines = ("#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXTINF:1,", f"{self.inward}/0.ts", "#EXT-X-ENDLIST\n")
                kind = "application/vnd.apple.mpegurl"
                url = self.server.add(f"{path}/list.m3u8", "\n".join(lines), content_type=kind)
        return Link(shape="inward", url=url, fails=True)

    def _proxied(self, path: str) -> Link:
        return Link(shape="proxied", url=f"http://127.0.0.3:{PORT_OF_NOBODY}{path}.bin", fails=True)


@asynccontextmanager
async def open_site(directory: Path, chance: random.Random, *, inward: str) -> AsyncIterator[Site]:
    """Make the media and serve them."""
    media = directory / "media"
    clip(media / "small.mp4", 2)
    clip(media / "large.mp4", 2, "640x360", options=("-crf", "8"))
    audio_only(media / "episode.mp3", 1)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(MediaServer())
        galleries = await stack.enter_async_context(serving())
        swarm = await stack.enter_async_context(Swarm(directory / "swarm", {"seeded.mp4": media / "small.mp4"}))
        yield Site(server=server, galleries=galleries, swarm=swarm, media=media, inward=inward, chance=chance)
