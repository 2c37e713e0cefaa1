"""Clips are cut to 50 ms, in length and in place, whatever they are cut out of."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import MediaNotFound
from core.media_probe import probe
from download_module.assembler import Assembler
from download_module.extractors.segments import SegmentedStream, clipped, hls_track, join
from download_module.plan import Assemble, Cut, Kind, Output, Part, Track
from tests.support import sample_streams as samples
from tests.support.sample_media import picture
from tests.support.sample_streams import stage
from tests.support.timed_media import SECONDS, SOUND_AT, frame_times, packet_sizes, sound_sets_in, timed_clip

NEAR = 0.05  # seconds
SITE = "http://site.test/"
VP9 = (
    "-c:v",
    "libvpx-vp9",
    "-crf",
    "4",
    "-b:v",
    "0",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
    "-g",
    "50",
    "-c:a",
    "libopus",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that tell their time, made once."""
    directory = tmp_path_factory.mktemp("timed")
    whole = timed_clip(directory / "whole.mp4")
    timed_clip(directory / "irregular.mp4", irregular=True)
    timed_clip(directory / "whole.webm", *VP9)
    timed_clip(directory / "video.mp4", "-an")
    for suffix in ("m4a", "mp3", "flac", "opus"):
        timed_clip(directory / f"audio.{suffix}", "-vn")
    samples.hls(directory / "ts", whole)
    # Made apart, B-frames would delay the picture against the sound.
    samples.hls_master(directory / "apart", timed_clip(directory / "plain.mp4", "-bf", "0"), fragmented=True)
    samples.hls_discontinuous(directory / "scenes", [whole, whole])
    return directory


async def cut_out(
    site: Path,
    staging: Path,
    names: Sequence[str],
    start: float,
    end: float | None,
    kind: Kind = Kind.VIDEO,
    filename: str | None = None,
) -> Path:
    parts = tuple(Part(uris=(SITE + name,)) for name in names)
    assemble = Assemble.NONE if len(names) == 1 else Assemble.MERGE
    return await made(site, staging, parts, (), assemble, Cut(start=start, end=end), filename or names[0], kind)


async def made(
    site: Path,
    staging: Path,
    parts: tuple[Part, ...],
    tracks: tuple[Track, ...],
    assemble: Assemble,
    cut: Cut,
    filename: str,
    kind: Kind = Kind.VIDEO,
) -> Path:
    (staging / "out").mkdir(parents=True)
    output = Output(filename=filename, kind=kind, parts=parts, tracks=tracks, assemble=assemble, cut=cut)
    (file,) = await Assembler().assemble(output, stage(parts, site, staging), staging / "out")
    assert [path.name for path in staging.iterdir() if path.suffix != ".part"] == ["out"]
    return file


async def is_cut(file: Path, start: float, end: float, *, sound_at: float = SOUND_AT, sparse: float = 0.0) -> None:
    """Length and place are right; `sparse` is how far apart the frames of the source may be beyond the usual."""
    facts = await probe(file)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(end - start, abs=NEAR)
    if facts.has_video:
        frames = [
            (shown - facts.start_seconds, was) for shown, was in frame_times(file) if shown >= facts.start_seconds
        ]
        assert frames[0][1] == pytest.approx(start, abs=NEAR + sparse)
        assert frames[-1][1] + 0.04 == pytest.approx(end, abs=NEAR + sparse)
        assert all(was - shown == pytest.approx(start, abs=NEAR) for shown, was in frames)
    if facts.has_audio:
        assert sound_sets_in(file) == pytest.approx(sound_at - start, abs=NEAR)


@pytest.mark.parametrize(
    ("names", "start", "end"),
    [
        (("whole.mp4",), 1.3, 4.7),
        (("whole.mp4",), 2.5, 60.0),
        (("irregular.mp4",), 1.01, 4.99),
        (("video.mp4", "audio.m4a"), 1.3, 4.7),
        (("video.mp4", "audio.opus"), 2.9, 5.2),
    ],
)
async def test_a_file_is_cut(site: Path, tmp_path: Path, names: Sequence[str], start: float, end: float) -> None:
    file = await cut_out(site, tmp_path / "staging", names, start, end)
    assert file.name == names[0]
    await is_cut(file, start, min(end, SECONDS))


@pytest.mark.parametrize(
    ("names", "start", "end"),
    [
        (("whole.mp4",), 2.0, 4.0),
        (("whole.mp4",), 0.0, 3.4),
        (("whole.mp4",), 2.01, None),
        (("video.mp4", "audio.m4a"), 2.0, 4.0),
    ],
)
async def test_a_clip_between_key_frames_is_not_encoded_again(
    site: Path, tmp_path: Path, names: Sequence[str], start: float, end: float | None
) -> None:
    file = await cut_out(site, tmp_path / "staging", names, start, end)
    await is_cut(file, start, SECONDS if end is None else end)
    before, after = packet_sizes(site / names[0]), packet_sizes(file)
    assert any(before[i : i + len(after)] == after for i in range(len(before)))


async def test_what_can_not_hold_the_new_picture_becomes_an_mp4(site: Path, tmp_path: Path) -> None:
    file = await cut_out(site, tmp_path / "staging", ["whole.webm"], 1.3, 4.7)
    assert file.name == "whole.mp4"
    await is_cut(file, 1.3, 4.7)


@pytest.mark.parametrize("suffix", ["m4a", "mp3", "flac", "opus"])
async def test_sound_alone_is_cut(site: Path, tmp_path: Path, suffix: str) -> None:
    file = await cut_out(site, tmp_path / "staging", [f"audio.{suffix}"], 1.3, 4.7, Kind.AUDIO)
    assert file.suffix == f".{suffix}"
    await is_cut(file, 1.3, 4.7)


@pytest.mark.parametrize(
    ("playlists", "start", "end"),
    [
        (("ts/hls.m3u8",), 2.6, 4.3),
        (("ts/hls.m3u8",), 0.5, None),
        (("apart/video.m3u8", "apart/audio.m3u8"), 2.6, 4.3),
        (("apart/video.m3u8", "apart/audio.m3u8"), 2.0, 4.0),
    ],
)
async def test_a_stream_of_which_only_the_needed_segments_were_fetched_is_cut(
    site: Path, tmp_path: Path, playlists: Sequence[str], start: float, end: float | None
) -> None:
    streams = [clipped(hls_track((site / name).read_text(), SITE + name), start, end) for name in playlists]
    whole = [hls_track((site / name).read_text(), SITE + name) for name in playlists]
    assert sum(len(s.parts) for s in streams) < sum(len(s.parts) for s in whole) or end is None
    file = await cut_stream(site, tmp_path / "staging", streams, Cut(start=start, end=end))
    await is_cut(file, start, SECONDS if end is None else end)


async def test_a_stream_of_several_scenes_is_cut(site: Path, tmp_path: Path) -> None:
    stream = hls_track((site / "scenes/hls.m3u8").read_text(), f"{SITE}scenes/hls.m3u8")
    file = await cut_stream(site, tmp_path / "staging", [clipped(stream, 8.5, 10.0)], Cut(start=8.5, end=10.0))
    await is_cut_of_second(file)


async def is_cut_of_second(file: Path) -> None:
    facts = await probe(file)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(1.5, abs=NEAR)
    assert frame_times(file)[0][1] == pytest.approx(2.5, abs=NEAR)


async def cut_stream(site: Path, staging: Path, streams: Sequence[SegmentedStream], cut: Cut) -> Path:
    parts, tracks = join(streams)
    return await made(site, staging, parts, tracks, Assemble.HLS, cut, "a.mp4")


async def test_only_the_sound_of_a_video_is_cut(site: Path, tmp_path: Path) -> None:
    file = await cut_out(site, tmp_path / "staging", ["whole.mp4"], 1.3, 4.7, Kind.AUDIO, "sound.m4a")
    facts = await probe(file)
    assert facts is not None
    assert not facts.has_video
    await is_cut(file, 1.3, 4.7)


async def test_a_file_of_which_only_the_needed_bytes_were_fetched_is_cut(site: Path, tmp_path: Path) -> None:
    holes = tmp_path / "holes"
    holes.mkdir()
    data = bytearray((site / "whole.mp4").read_bytes())
    box = data.index(b"mdat") + 4  # the index comes after the media
    end = data.index(b"moov") - 4
    size = end - box
    data[box : box + size // 4] = bytes(size // 4)  # the first group of pictures is not needed
    (holes / "whole.mp4").write_bytes(data)
    file = await cut_out(holes, tmp_path / "staging", ["whole.mp4"], 4.1, 5.5)
    facts = await probe(file)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(1.4, abs=NEAR)
    assert frame_times(file)[0][1] == pytest.approx(4.1, abs=NEAR)


@pytest.mark.parametrize("names", [("whole.mp4",), ("video.mp4", "audio.m4a")])
async def test_a_clip_after_the_end_is_told(site: Path, tmp_path: Path, names: Sequence[str]) -> None:
    with pytest.raises(MediaNotFound, match="after the end"):
        await cut_out(site, tmp_path / "staging", names, 7.0, 8.0)


async def test_pictures_are_not_cut(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    file = await cut_out(tmp_path, tmp_path / "staging", ["a.png"], 1.0, 2.0, Kind.IMAGE)
    assert file.read_bytes() == (tmp_path / "a.png").read_bytes()
