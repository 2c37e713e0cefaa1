"""Live streams on a real server, whose playlists grow with each look."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from core.errors import BossBotError, DiskFull, LiveNotSupported, LoginRequired, MediaNotFound
from download_module import live_recorder
from download_module.assembler import Assembler
from download_module.egress import Egress
from download_module.live_recorder import FetchParts, LiveRecorder, Recording
from download_module.plan import Assemble, Kind, LiveWindow, Output, Part, Track
from download_module.playlist_text import PlaylistText
from tests.support import sample_streams as samples
from tests.support.media_server import MediaServer
from tests.support.sample_media import add_stream, clip
from tests.support.sample_streams import packets

LOOPBACK = Egress([ip_network("127.0.0.0/8")])
HEADERS = (("X-Seen", "yes"),)


def live(*numbers: int, ended: bool = False) -> str:
    """A playlist that shows these segments of 1 s."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:0", f"#EXT-X-MEDIA-SEQUENCE:{numbers[0]}"]
    lines += [line for number in numbers for line in ("#EXTINF:1.0,", f"hls{number}.ts")]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def growing(*looks: str) -> Callable[[int], str]:
    """A playlist that changes with each look, until the last."""
    return lambda number: looks[min(number, len(looks) - 1)]


@dataclass
class Staging:
    """Fetches parts as the pooler would, and notes the calls."""

    directory: Path
    lost: Collection[int] = ()
    calls: list[int] = field(default_factory=list)
    files: list[list[Path]] = field(default_factory=list)

    async def fetch(self, parts: Sequence[Part]) -> Collection[int]:
        self.calls.append(len(parts))
        async with httpx.AsyncClient(trust_env=False) as client:
            for part in parts[len(self.files) :]:
                answer = await client.get(part.uris[0], headers=part.headers)
                path = self.directory / f"{len(self.files)}.part"
                path.write_bytes(answer.content)
                self.files.append([path])
        return self.lost


async def record(server: MediaServer, fetch: FetchParts, seconds: float = 60, *names: str) -> Recording:
    playlists = tuple(server.url(f"/live/{name}") for name in names or ("live.m3u8",))
    async with PlaylistText(LOOPBACK) as text:
        window = LiveWindow(playlists=playlists, headers=HEADERS, seconds=seconds)
        return await LiveRecorder(text).record(window, fetch)


def numbers(recording: Recording, track: Track | None = None) -> list[str]:
    """Which segments were recorded; a break stands before one that begins anew."""
    segments = (track or recording.tracks[0]).segments
    names = [recording.parts[segment.data.part].uris[0].rpartition("hls")[2][:-3] for segment in segments]
    return [("|" if s.discontinuity else "") + name for s, name in zip(segments, names, strict=True)]


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream of six segments, and the clip that it was made of beside it."""
    directory = tmp_path_factory.mktemp("stream")
    samples.hls(directory / "live", clip(directory / "whole.mp4", 6, options=("-bf", "2")))
    return directory


async def test_segments_are_recorded_as_they_appear(stream: Path, tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    async with MediaServer() as server:
        add_stream(server, "/live", stream / "live", "hls.m3u8")
        looks = [live(0, 1, 2), live(0, 1, 2), live(1, 2, 3), live(2, 3, 4), live(3, 4, 5, ended=True)]
        server.add("/live/live.m3u8", growing(*looks), fail_first=1, requires=dict(HEADERS))
        recording = await record(server, staging.fetch)
    assert numbers(recording) == ["0", "1", "2", "3", "4", "5"]
    assert staging.calls[0] < 6, "fetched while it was watched"
    assert staging.calls[-1] == len(recording.parts) == 6
    (tmp_path / "out").mkdir()
    output = Output(
        filename="a.mp4", kind=Kind.VIDEO, parts=recording.parts, tracks=recording.tracks, assemble=Assemble.HLS
    )
    (made,) = await Assembler().assemble(output, staging.files, tmp_path / "out")
    assert packets(made) == packets(stream / "whole.mp4")


@pytest.mark.parametrize(
    ("looks", "seconds", "expected"),
    [
        ([live(0, 1, 2, 3, 4)], 3, ["2", "3", "4"]),
        ([live(0, 1, 2), live(0, 1, 2, 3, 4, 5)], 5, ["0", "1", "2", "3", "4"]),
        ([live(0, 1, 2, 3, 4, ended=True)], 60, ["0", "1", "2", "3", "4"]),
        ([live(0, 1), live(3, 4), live(4, 5, ended=True)], 60, ["0", "1", "|3", "4", "5"]),
        ([live(8, 9), live(0, 1), live(1, 2, ended=True)], 60, ["8", "9", "|0", "1", "2"]),
        ([live(2, 3), live(1, 2), "<html>", live(3, 4, ended=True)], 60, ["2", "3", "4"]),
    ],
)
async def test_what_a_playlist_does_is_followed(
    tmp_path: Path, looks: Sequence[str], seconds: float, expected: list[str]
) -> None:
    async with MediaServer() as server:
        server.add("/live/live.m3u8", growing(*looks))
        assert numbers(await record(server, nothing_lost, seconds)) == expected


async def test_video_and_sound_are_recorded_side_by_side(tmp_path: Path) -> None:
    async with MediaServer() as server:
        server.add("/live/video.m3u8", growing(live(0, 1), live(1, 2, ended=True)))
        sound = (live(5, 6), live(6, 7, 8, ended=True))
        server.add("/live/sound.m3u8", growing(*(text.replace("hls", "sound-hls") for text in sound)))
        recording = await record(server, nothing_lost, 60, "video.m3u8", "sound.m3u8")
    assert numbers(recording) == ["0", "1", "2"]
    assert numbers(recording, recording.tracks[1]) == ["5", "6", "7", "8"]
    assert len({part.uris for part in recording.parts}) == len(recording.parts) == 7


async def test_what_could_not_be_fetched_is_left_out() -> None:
    async def lose(_: Sequence[Part]) -> Collection[int]:
        return [1]

    async with MediaServer() as server:
        server.add("/live/live.m3u8", live(0, 1, 2, ended=True))
        assert numbers(await record(server, lose)) == ["0", "|2"]


async def test_a_stream_that_stands_still_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_recorder, "PATIENCE", 0.2)
    async with MediaServer() as server:
        server.add("/live/live.m3u8", live(0, 1, 2))
        assert numbers(await record(server, nothing_lost)) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("text", "behaviour", "error"),
    [
        ("", {"status": 403}, LoginRequired),
        ("", {"status": 404}, MediaNotFound),
        ("#EXTM3U\n#EXT-X-ENDLIST\n", {}, MediaNotFound),
        (live(0).replace("hls0.ts", "#EXT-X-BYTERANGE:5@0\nall.ts"), {}, LiveNotSupported),
    ],
)
async def test_what_can_not_be_recorded_is_told(
    text: str, behaviour: dict[str, int], error: type[BossBotError]
) -> None:
    async with MediaServer() as server:
        server.add("/live/live.m3u8", text, **behaviour)
        with pytest.raises(error, match=r"\.$"):
            await record(server, nothing_lost)


async def test_a_fault_of_the_transfer_ends_it() -> None:
    async def fail(_: Sequence[Part]) -> Collection[int]:
        raise DiskFull

    async with MediaServer() as server:
        server.add("/live/live.m3u8", live(0, 1, 2))
        with pytest.raises(DiskFull):
            await record(server, fail)


async def test_it_ends_when_it_is_cancelled() -> None:
    async with MediaServer() as server:
        server.add("/live/live.m3u8", live(0, 1, 2))
        task = asyncio.create_task(record(server, nothing_lost))
        await server.wait_for_request("/live/live.m3u8", 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not [task for task in asyncio.all_tasks() if "download_module/live_recorder.py" in repr(task)]


async def nothing_lost(_: Sequence[Part]) -> Collection[int]:
    return ()
