"""Clips: only what they need goes over the wire, by a real aria2c, and what comes out is what was asked for."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clips import parse_clip
from download_module.assembler import Assembler
from download_module.clip_planner import cut_plan
from download_module.extractors.segments import SegmentedStream, dash_track, hls_track, join
from download_module.plan import Assemble, DownloadPlan, Kind, Output, Part
from download_module.range_reader import RangeReader
from tests.download_module.given import LOOPBACK, MIB
from tests.support.aria2_fetcher import Fetcher, fetching
from tests.support.media_server import MediaServer
from tests.support.sample_media import add_dash, add_hls, add_split_video, clip

SECONDS = 40
CLIP = "11.3-22.8"
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "600k", "-g", "25", "-c:a", "libopus")
FRAGMENTS = "+dash+global_sidx+frag_keyframe+empty_moov+delay_moov"
RATE = 2 * MIB  # bytes a second: without one, loopback hands over a megabyte before anybody can hang up


@pytest.fixture
async def aria2(tmp_path: Path) -> AsyncIterator[Fetcher]:
    async with fetching(tmp_path / "runtime") as fetcher:
        yield fetcher


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


def kept(directory: Path, name: str, options: Sequence[str] = (), size: str = "320x180") -> Path:
    """A video that is made once for all tests of this module."""
    path = directory / name
    return path if path.exists() else clip(path, SECONDS, size, options=options)


def fragmented(directory: Path, name: str, *streams: str) -> Path:
    source = kept(directory, "source.mp4")
    path = directory / name
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), *streams, "-c", "copy"]
    subprocess.run([*command, "-frag_duration", "1000000", "-movflags", FRAGMENTS, str(path)], check=True)
    return path


def one_file(server: MediaServer, path: Path) -> Output:
    part = Part(uris=(server.add(f"/{path.name}", path, rate=RATE),))
    return Output(filename=path.name, kind=Kind.VIDEO, parts=(part,))


def two_files(server: MediaServer, video: Path, audio: Path, name: str) -> Output:
    parts = [Part(uris=(server.add(f"/{path.name}", path, rate=RATE),)) for path in (video, audio)]
    return Output(filename=name, kind=Kind.VIDEO, parts=tuple(parts), assemble=Assemble.MERGE)


def in_segments(streams: Sequence[SegmentedStream]) -> Output:
    parts, tracks = join(streams)
    return Output(filename="a.mp4", kind=Kind.VIDEO, parts=parts, assemble=Assemble.HLS, tracks=tracks)


def hls(server: MediaServer, directory: Path, **kind: bool) -> Output:
    directory = directory / f"hls-{'-'.join(kind)}"
    url = add_hls(server, "/hls", directory, seconds=SECONDS, rate=RATE, **kind)
    return in_segments([hls_track((directory / "hls.m3u8").read_text(), url)])


def dash(server: MediaServer, directory: Path) -> Output:
    url = add_dash(server, "/dash", directory / "dash", seconds=SECONDS, rate=RATE)
    streams = []
    for number in (0, 1):
        chunks = sorted((directory / "dash").glob(f"chunk-stream{number}-*.m4s"))
        fragments: list[dict[str, Any]] = [{"path": f"init-stream{number}.m4s"}]
        fragments += [{"path": chunk.name, "duration": 1.0} for chunk in chunks]
        streams.append(dash_track(fragments, url))
    return in_segments(streams)


def split(server: MediaServer, directory: Path) -> Output:
    add_split_video(server, "/split", directory / "split", seconds=SECONDS, rate=RATE)
    return two_files(server, directory / "split/video-320x180.mp4", directory / "split/audio.m4a", "a.mp4")


SHAPES: dict[str, Callable[[MediaServer, Path], Output]] = {
    "mp4": lambda server, made: one_file(server, kept(made, "source.mp4")),
    "mp4 with its index first": lambda server, made: one_file(
        server, kept(made, "faststart.mp4", ("-movflags", "+faststart"))
    ),
    "mp4 in fragments": lambda server, made: one_file(server, fragmented(made, "mixed.mp4")),
    "webm": lambda server, made: one_file(server, kept(made, "a.webm", VP8, "160x90")),
    "video and sound": split,
    "video and sound in fragments": lambda server, made: two_files(
        server, fragmented(made, "video.mp4", "-an"), fragmented(made, "sound.mp4", "-vn"), "a.mp4"
    ),
    "HLS": hls,
    "HLS, encrypted": lambda server, made: hls(server, made, encrypted=True),
    "HLS, fragments": lambda server, made: hls(server, made, fragmented_mp4=True),
    "DASH": dash,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


async def size_of(parts: Sequence[Part]) -> int:
    """Bytes of all parts, as the server says without sending them."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.head(part.uris[0]) for part in parts]
    return sum(int(answer.headers["Content-Length"]) for answer in answers)


async def probed(path: Path, *shown: str) -> dict[str, Any]:
    argv = ("ffprobe", "-v", "error", *shown, "-of", "json", str(path))
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    answer: dict[str, Any] = json.loads(out)
    return answer


async def pictures(path: Path, *stretch: str) -> list[bytes]:
    """What is seen, five times a second, small and grey."""
    argv = ["ffmpeg", "-nostdin", "-v", "quiet", *stretch, "-i", str(path)]
    more = ["-vf", "fps=5,scale=40:22", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    child = await asyncio.create_subprocess_exec(*argv, *more, stdout=asyncio.subprocess.PIPE)
    data, _ = await child.communicate()
    return [data[at : at + 40 * 22] for at in range(0, len(data), 40 * 22)]


def difference(one: Sequence[bytes], other: Sequence[bytes]) -> float:
    """Of pictures in a row, for each point in the mean."""
    points = [abs(a - b) for left, right in zip(one, other, strict=False) for a, b in zip(left, right, strict=True)]
    return sum(points) / len(points)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_clip_is_exact_and_costs_little_more_than_its_share(
    aria2: Fetcher, server: MediaServer, tmp_path: Path, made: Path, shape: str
) -> None:
    output = await asyncio.to_thread(SHAPES[shape], server, made)
    whole = await size_of(output.parts)
    plan = DownloadPlan(source_url="http://site.test/", extractor="test", outputs=(output,))
    plan = await cut_plan(plan, parse_clip(CLIP), RangeReader(egress=LOOPBACK))
    (output,) = plan.outputs
    assert output.cut is not None
    assert output.cut.end is not None
    length = output.cut.end - output.cut.start

    (tmp_path / "staged").mkdir()
    files = await aria2.fetch(output.parts, tmp_path / "staged")
    assert server.bytes_served() <= 1.3 * whole * length / SECONDS

    (tmp_path / "out").mkdir()
    (file,) = await Assembler().assemble(output, [[path] for path in files], tmp_path / "out")
    facts = await probed(file, "-show_entries", "format=duration:stream=codec_type,duration")
    assert float(facts["format"]["duration"]) == pytest.approx(length, abs=0.05)
    assert sorted(stream["codec_type"] for stream in facts["streams"]) == ["audio", "video"]
    begin = str(output.cut.start)
    source = kept(made, "a.webm" if shape == "webm" else "source.mp4")
    wanted = await pictures(source, "-ss", begin, "-t", f"{length:.3f}")
    shown = await pictures(file)
    assert abs(len(shown) - len(wanted)) <= 1
    assert difference(shown, wanted) < 0.5 * difference(shown, wanted[1:])
