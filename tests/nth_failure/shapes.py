"""What is asked for: the shapes of a download, small enough to be run a thousand times."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.galleries import Galleries, serving
from tests.support.media_server import MediaServer
from tests.support.sample_media import add_split_video, clip, picture
from tests.support.sample_pictures import noise
from tests.support.swarm import Swarm

LIMIT = 200_000  # bytes a file, where pictures are to be compressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A link, and what must be in the channel afterwards."""

    url: str
    files: Mapping[str, str | None]  # the sum of each by a part of its name; None: any, no larger than `limit`
    messages: int = 1
    limit: int | None = None
    fetched: Sequence[Path] = ()  # they lie on disk already, and only the upload runner has work
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fair:
    """The servers behind all shapes, which never fail."""

    site: MediaServer
    galleries: Galleries
    directory: Path
    stack: AsyncExitStack

    async def direct(self) -> Shape:
        """A file behind a link."""
        film = clip(self.directory / "film.mp4", 1)
        return Shape(url=self.site.add("/film.mp4", film), files={"film.mp4": digest(film.read_bytes())})

    async def merged(self) -> Shape:
        """Video and audio apart, which ffmpeg puts together."""
        url = add_split_video(self.site, "/split", self.directory / "split", seconds=1)
        return Shape(url=url, files={"manifest.mp4": None})

    async def gallery(self) -> Shape:
        """A post with three pictures."""
        pictures = {f"{number}.jpg": self._picture(f"{number}.jpg", number) for number in (1, 2, 3)}
        return Shape(
            url=self._post(pictures), files={name: digest(path.read_bytes()) for name, path in pictures.items()}
        )

    async def torrent(self) -> Shape:
        """A .torrent with one file."""
        film = clip(self.directory / "seen.mp4", 1)
        swarm = await self.stack.enter_async_context(Swarm(self.directory / "swarm", {"seen.mp4": film}))
        url = self.site.add("/seen.torrent", swarm.torrent_path, content_type="application/x-bittorrent")
        sums = {"seen.mp4": digest(film.read_bytes())}
        return Shape(url=url, files=sums, environment={"TORRENTS_FOR_MEMBERS": "true"})

    async def delivery(self) -> Shape:
        """Three files that were fetched before, in three messages."""
        paths = [self._picture(f"{number}.jpg", number) for number in (11, 12, 13)]
        return Shape(
            url=self.site.url("/seldom"),
            files={path.name: digest(path.read_bytes()) for path in paths},
            messages=3,
            fetched=paths,
            environment={"UPLOAD_MAX_FILES_PER_BATCH": "1"},
        )

    async def batches(self) -> Shape:
        """Three pictures in three messages; one of them has to be made smaller."""
        pictures = {name: self._picture(name, number) for number, name in ((4, "4.jpg"), (6, "6.jpg"))}
        large = self.directory / "5.png"
        noise(300, 300).save(large)
        url = self._post({"4.jpg": pictures["4.jpg"], "5.png": large, "6.jpg": pictures["6.jpg"]})
        sums: dict[str, str | None] = {name: digest(path.read_bytes()) for name, path in pictures.items()}
        return Shape(
            url=url,
            files={**sums, "_5.": None},
            messages=3,
            limit=LIMIT,
            environment={"UPLOAD_MAX_FILES_PER_BATCH": "1"},
        )

    def _picture(self, name: str, number: int) -> Path:
        return picture(self.directory / name, f"{320 + 16 * number}x180")

    def _post(self, pictures: Mapping[str, Path]) -> str:
        for name, path in pictures.items():
            self.site.add(f"/files/{name}", path)
        media = [self.galleries.attachment(name) | {"url": self.site.url(f"/files/{name}")} for name in pictures]
        return self.galleries.toot(*media)


SHAPES: dict[str, Callable[[Fair], Awaitable[Shape]]] = {
    "delivery": Fair.delivery,
    "direct": Fair.direct,
    "merged": Fair.merged,
    "gallery": Fair.gallery,
    "torrent": Fair.torrent,
    "batches": Fair.batches,
}


@asynccontextmanager
async def fair(directory: Path) -> AsyncIterator[Fair]:
    """All servers, for as many trials as there are."""
    directory.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(MediaServer())
        galleries = await stack.enter_async_context(serving())
        yield Fair(site, galleries, directory, stack)


def digest(content: bytes) -> str:
    """By which files are compared."""
    return hashlib.sha256(content).hexdigest()
