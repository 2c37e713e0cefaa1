"""Segmented streams become files that have each packet of their source, by a real ffmpeg."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.extractor.generic import GenericIE

from core.errors import ChecksumMismatch, TooLarge
from core.media_probe import probe
from download_module.assembler import Assembler
from download_module.extractors.segments import SegmentedStream, dash_track, hls_track, join, whole_track
from download_module.plan import Assemble, Kind, Output, Part
from tests.support import sample_streams as samples
from tests.support.sample_media import clip
from tests.support.sample_streams import packets, stage

SITE = "http://site.test/"
B_FRAMES = ("-bf", "2")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two clips of different sizes, made once."""
    directory = tmp_path_factory.mktemp("sources")
    sizes = ("320x180", "160x120")
    return [clip(directory / f"{size}.mp4", 3, size, options=B_FRAMES) for size in sizes]


async def assembled(
    streams: Sequence[SegmentedStream],
    site: Path,
    staging: Path,
    name: str = "a.mp4",
    kind: Kind = Kind.VIDEO,
    damage: Callable[[bytes], bytes] | None = None,
) -> Path:
    """The file made of streams that were fetched from a site; `damage` befalls the last part."""
    parts, tracks = join(streams)
    (staging / "out").mkdir(parents=True)
    files = stage(parts, site, staging)
    if damage:
        files[-1][0].write_bytes(damage(files[-1][0].read_bytes()))
    output = Output(filename=name, kind=kind, parts=parts, assemble=Assemble.HLS, tracks=tracks)
    (made,) = await Assembler().assemble(output, files, staging / "out")
    assert [path.name for path in staging.iterdir() if path.suffix != ".part"] == ["out"]
    assert list((staging / "out").iterdir()) == [made]
    return made


def read(site: Path, playlist: Path) -> SegmentedStream:
    where = playlist.relative_to(site).as_posix()
    return hls_track(playlist.read_text(), SITE + where)


def read_dash(site: Path, manifest: Path) -> list[SegmentedStream]:
    """Video and sound as yt-dlp finds them."""
    root = ElementTree.parse(manifest).getroot()
    with YoutubeDL({"quiet": True}) as library:
        formats: list[dict[str, Any]] = GenericIE(library)._parse_mpd_formats(root, mpd_base_url=SITE)
    kinds = {found["vcodec"] == "none": found for found in formats}
    return [dash_track(kinds[audio]["fragments"], kinds[audio]["fragment_base_url"]) for audio in (False, True)]


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"byte_ranges": True},
        {"encrypted": "sequence"},
        {"encrypted": "iv", "byte_ranges": True},
        {"fragmented": True},
        {"fragmented": True, "byte_ranges": True},
        {"fragmented": True, "encrypted": "sequence"},
        {"fragmented": True, "encrypted": "iv"},
    ],
)
async def test_a_stream_of_one_playlist(sources: list[Path], tmp_path: Path, shape: dict[str, Any]) -> None:
    playlist = samples.hls(tmp_path / "site", sources[0], **shape)
    made = await assembled([read(tmp_path / "site", playlist)], tmp_path / "site", tmp_path / "staging")
    assert packets(made) == packets(sources[0])
    await is_seconds(made, 3)


@pytest.mark.parametrize("fragmented", [False, True])
async def test_sound_from_a_playlist_of_its_own(sources: list[Path], tmp_path: Path, fragmented: bool) -> None:
    master = samples.hls_master(tmp_path / "site", sources[0], fragmented=fragmented)
    streams = [read(tmp_path / "site", master.with_name(name)) for name in ("video.m3u8", "audio.m3u8")]
    made = await assembled(streams, tmp_path / "site", tmp_path / "staging", "a.mkv")
    assert packets(made) == packets(sources[0])
    await is_seconds(made, 3)


async def test_sound_that_is_a_plain_file_and_lies_beside_a_stream_with_sound(
    sources: list[Path], tmp_path: Path
) -> None:
    site = tmp_path / "site"
    video = read(site, samples.hls(site, sources[0]))
    sound = clip(site / "sound.mp4", 3, options=("-vn", "-ac", "1"))
    made = await assembled([video, whole_track(Part(uris=(f"{SITE}sound.mp4",)), 3)], site, tmp_path / "staging")
    assert packets(made) == {"video": packets(sources[0])["video"], "audio": packets(sound)["audio"]}


@pytest.mark.parametrize("fragmented", [False, True])
async def test_scenes_with_clocks_of_their_own_follow_one_another(
    sources: list[Path], tmp_path: Path, fragmented: bool
) -> None:
    playlist = samples.hls_discontinuous(tmp_path / "site", [*sources, sources[0]], fragmented=fragmented)
    made = await assembled([read(tmp_path / "site", playlist)], tmp_path / "site", tmp_path / "staging")
    assert packets(made) == total([*sources, sources[0]])
    await is_seconds(made, 9)


@pytest.mark.parametrize(("periods", "listed"), [(1, False), (1, True), (2, False)])
async def test_dash(sources: list[Path], tmp_path: Path, periods: int, listed: bool) -> None:
    manifest = samples.dash(tmp_path / "site", [sources[0]] * periods, listed=listed)
    made = await assembled(read_dash(tmp_path / "site", manifest), tmp_path / "site", tmp_path / "staging")
    assert packets(made) == total([sources[0]] * periods)
    await is_seconds(made, 3 * periods)


async def test_tracks_that_are_interrupted_at_different_places(sources: list[Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    video = read(site, samples.hls_discontinuous(site, [sources[0]] * 2))
    sound = clip(site / "sound.mp4", 6, options=("-vn",))
    made = await assembled([video, whole_track(Part(uris=(f"{SITE}sound.mp4",)), 6)], site, tmp_path / "staging")
    assert packets(made) == {"video": 150, "audio": packets(sound)["audio"]}
    await is_seconds(made, 6)


@pytest.mark.parametrize(("sound_clock", "video_begins"), [(3.0, 2.0), (100.0, 5.0), (None, 5.0)])
async def test_tracks_are_laid_beside_each_other(
    sources: list[Path], tmp_path: Path, sound_clock: float | None, video_begins: float
) -> None:
    """By their clocks, unless these have nothing to do with each other: then by the sums of their segments."""
    site = tmp_path / "site"
    video = read(site, samples.hls(site, sources[0], streams=["0:v"], clock=5.0))
    video = replace(video, track=replace(video.track, start=5.0))
    source = clip(site / "sound.mp4", 8, options=("-vn",))
    sound = whole_track(Part(uris=(f"{SITE}sound.mp4",)), 8)
    if sound_clock is not None:
        sound = read(site, samples.hls(site, source, streams=["0:a"], clock=sound_clock, name="sound"))
    made = await assembled([video, sound], site, tmp_path / "staging", "a.mkv")
    facts = await probe(made)
    assert facts is not None
    assert facts.video_start_seconds - facts.start_seconds == pytest.approx(video_begins, abs=0.15)
    assert packets(made) == {"video": 75, "audio": packets(source)["audio"]}


async def test_sound_alone_of_a_stream_with_pictures(sources: list[Path], tmp_path: Path) -> None:
    stream = read(tmp_path / "site", samples.hls(tmp_path / "site", sources[0]))
    made = await assembled([stream], tmp_path / "site", tmp_path / "staging", "a.m4a", Kind.AUDIO)
    assert packets(made) == {"audio": packets(sources[0])["audio"]}


async def test_a_stream_in_shreds_is_refused(sources: list[Path], tmp_path: Path) -> None:
    stream = read(tmp_path / "site", samples.hls(tmp_path / "site", sources[0]))
    shreds = tuple(replace(segment, discontinuity=True) for segment in stream.track.segments) * 500
    stream = replace(stream, track=replace(stream.track, segments=shreds))
    with pytest.raises(TooLarge, match="too often"):
        await assembled([stream], tmp_path / "site", tmp_path / "staging")


async def test_webm(tmp_path: Path) -> None:
    site = tmp_path / "site"
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "200k", "-c:a", "libopus")
    source = clip(tmp_path / "source.webm", 3, options=vp8)
    manifest = samples.dash(site, [source])
    made = await assembled(read_dash(site, manifest), site, tmp_path / "staging", "a.webm")
    expected: dict[str, int] = {}
    for stream in (0, 1):  # ffmpeg drops a packet of the source when it makes the segments
        pieces = [*site.rglob(f"init-stream{stream}.*"), *sorted(site.rglob(f"chunk-stream{stream}-*"))]
        whole = tmp_path / f"{stream}.webm"
        whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
        expected |= packets(whole)
    assert packets(made) == expected


@pytest.mark.parametrize(
    ("encrypted", "damage"),
    [
        (None, lambda data: b""),
        (None, lambda data: b"<!DOCTYPE html><p>Please log in</p>"),
        (None, lambda data: b"ID3\4\0\0\0\0\0\x05extra#EXTM3U\n#EXTINF:1,\n0.part\n"),
        ("iv", lambda data: data[:-1]),
        ("iv", lambda data: samples.encrypted(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")),
    ],
)
async def test_a_piece_that_is_no_media_is_told(
    sources: list[Path], tmp_path: Path, encrypted: samples.Encryption | None, damage: Callable[[bytes], bytes]
) -> None:
    playlist = samples.hls(tmp_path / "site", sources[0], encrypted=encrypted)
    with pytest.raises(ChecksumMismatch, match=r"piece .* damaged\."):
        await assembled([read(tmp_path / "site", playlist)], tmp_path / "site", tmp_path / "staging", damage=damage)
    assert list((tmp_path / "staging" / "out").iterdir()) == []


async def is_seconds(made: Path, seconds: float) -> None:
    facts = await probe(made)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(seconds, abs=0.1 * seconds / 3)


def total(sources: Sequence[Path]) -> dict[str, int]:
    """The packets of all of them."""
    counted = [packets(source) for source in sources]
    return {kind: sum(each[kind] for each in counted) for kind in ("video", "audio")}
