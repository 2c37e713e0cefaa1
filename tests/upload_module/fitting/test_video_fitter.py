"""Videos are made to fit, with the real ffmpeg."""

import asyncio
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.errors import CompressionFailed
from core.ffmpeg_run import Ffmpeg
from tests.upload_module.fitting.video_given import ffmpeg as run
from tests.upload_module.fitting.video_given import plays, seconds, starts_at_once, streams, video
from upload_module.fitting.ffmpeg_abilities import FfmpegAbilities
from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.source_facts import SourceFacts, facts_of
from upload_module.fitting.video_encoder import VideoEncoder
from upload_module.fitting.video_fitter import VideoFitter
from upload_module.fitting.video_passes import VideoPasses
from upload_module.fitting.video_rates import video_goal
from upload_module.fitting.work_course import WorkCourse

RULES = FitRules(min_video_bps=30_000, min_audio_bps=16_000, niceness=0, preset="veryfast")
LIMIT = 60_000  # bytes: 160 kbit/s for three seconds


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "fitted"
    directory.mkdir()
    return directory


def told_to_nobody(_activity: str, _percent: float | None, _left: float | None) -> None:
    pass


async def way_of(step: Step, file: Path, limit: int, rules: FitRules = RULES) -> Way:
    ways = await VideoFitter(rules).ways(file, limit)
    return next(way for way in ways if way.step is step)


async def go(step: Step, file: Path, limit: int, directory: Path, rules: FitRules = RULES) -> list[Path]:
    """Go the first way of a kind; nothing but its files is left behind."""
    way = await way_of(step, file, limit, rules)
    made = await VideoFitter(rules).make(file, way, limit, directory, told_to_nobody)
    assert sorted(directory.iterdir()) == sorted(made)
    assert max(path.stat().st_size for path in made) <= limit
    return made


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("plain.mp4", (320, 180)),
        ("turned.mp4", (180, 320)),
        ("tracks.mkv", (320, 180)),
        ("odd.mp4", (160, 120)),
        ("old.avi", (320, 180)),
        ("deep.mp4", (320, 180)),
    ],
)
async def test_what_is_compressed_uses_the_limit_and_plays_everywhere(
    name: str, size: tuple[int, int], media: Path, directory: Path
) -> None:
    (made,) = await go(Step.COMPRESS, video(name, media), LIMIT, directory)
    assert made.stat().st_size >= 0.8 * LIMIT
    picture, sound = streams(made)
    assert (picture["codec_name"], picture["pix_fmt"], sound["codec_name"]) == ("h264", "yuv420p", "aac")
    assert (picture["width"], picture["height"]) == size
    assert picture.get("color_transfer") != "smpte2084"
    assert seconds(made) == pytest.approx(3, abs=0.15)
    assert starts_at_once(made)
    assert plays(made)


async def test_frames_stay_where_they_were_in_time(media: Path, directory: Path) -> None:
    source = video("varying.mp4", media)
    (made,) = await go(Step.COMPRESS, source, LIMIT, directory)
    before, after = streams(source)[0], streams(made)[0]
    assert after["nb_read_packets"] == before["nb_read_packets"]
    assert float(after["duration"]) == pytest.approx(float(before["duration"]), abs=0.05)


async def test_a_clip_with_one_key_frame_is_judged_by_all_of_it(tmp_path: Path) -> None:
    """Black at first, as many are: what comes later can't be entered directly, but is looked at."""
    graph = "color=black:s=320x180:r=25:d=2[a];testsrc2=s=320x180:r=25:d=4,noise=alls=40:allf=t[b];[a][b]concat"
    seen = []
    for keys in ("1000", "10"):
        path = tmp_path / f"{keys}.mp4"
        coded = ("-c:v", "libx264", "-crf", "16", "-sc_threshold", "0", "-g", keys, "-pix_fmt", "yuv420p")
        run("-f", "lavfi", "-i", graph, *coded, str(path))
        facts = await facts_of(path)
        assert facts is not None
        goal = video_goal(facts, 6.0, 200_000, RULES)
        assert goal is not None
        found = await passes_of(facts, tmp_path / "made.mp4").look(goal)
        assert found is not None
        seen.append(found.bps)
    assert seen[0] == pytest.approx(seen[1], rel=0.1)


def passes_of(facts: SourceFacts, target: Path) -> VideoPasses:
    return VideoPasses(
        ffmpeg=Ffmpeg(),
        facts=facts,
        target=target,
        course=WorkCourse(told_to_nobody, (1.0,)),
        preset=RULES.preset,
        tonemaps=False,
        av1=False,
        cuttable=False,
        timeout=60.0,
    )


async def test_without_sound_there_is_none_afterwards(media: Path, directory: Path) -> None:
    (made,) = await go(Step.COMPRESS, video("quiet.mp4", media), LIMIT, directory)
    assert [stream["codec_type"] for stream in streams(made)] == ["video"]


async def test_noise_is_made_to_fit_too(tmp_path: Path, directory: Path) -> None:
    noise = tmp_path / "noise.mp4"
    drawn = "color=gray:size=320x180:rate=25:duration=2,noise=alls=80:allf=t"
    run("-f", "lavfi", "-i", drawn, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", str(noise))
    (made,) = await go(Step.COMPRESS, noise, 100_000, directory)
    assert plays(made)


@pytest.mark.parametrize("times", [0.4, 2.5])
async def test_a_container_that_lies_about_its_length_is_found_out(times: float, media: Path, directory: Path) -> None:
    facts = await facts_of(video("plain.mp4", media))
    assert facts is not None
    lying = replace(facts, seconds=3 * times)
    goal = video_goal(lying, 3 * times, LIMIT, RULES)
    assert goal is not None
    encoder = VideoEncoder(ffmpeg=Ffmpeg(), rules=RULES, abilities=FfmpegAbilities())
    made = await encoder.encode(lying, goal, LIMIT, directory / "made.mp4", told_to_nobody)
    assert made.encodes > 1
    assert 0.85 * LIMIT <= made.path.stat().st_size <= LIMIT


async def test_av1_where_the_admin_allows_it(media: Path, directory: Path) -> None:
    rules = FitRules(min_video_bps=30_000, min_audio_bps=16_000, niceness=0, allow_av1=True)
    (made,) = await go(Step.COMPRESS, video("plain.mp4", media), LIMIT, directory, rules)
    assert streams(made)[0]["codec_name"] == "av1"


async def test_what_fits_and_plays_inline_is_sent_as_it_is(media: Path, directory: Path) -> None:
    file = video("plain.mp4", media)
    (way,) = await VideoFitter(RULES).ways(file, 10_000_000)
    assert (way.step, way.predicted_bytes, way.quality) == (Step.AS_IS, file.stat().st_size, 1.0)
    assert await VideoFitter(RULES).make(file, way, 10_000_000, directory, told_to_nobody) == [file]


async def test_what_fits_but_does_not_play_inline_is_repacked(tmp_path: Path, media: Path, directory: Path) -> None:
    file = tmp_path / "clip.mkv"
    run("-i", str(video("plain.mp4", media)), "-c", "copy", str(file))
    (made,) = await go(Step.REMUX, file, 10_000_000, directory)
    assert made.name == "clip.mp4"
    assert starts_at_once(made)
    assert streams(made)[0]["nb_read_packets"] == streams(file)[0]["nb_read_packets"]
    assert plays(made)


async def test_sound_that_nobody_hears_goes_first(media: Path, directory: Path) -> None:
    file = video("tracks.mkv", media)
    limit = streams_size(file) + 80_000
    assert [way.step for way in await VideoFitter(RULES).ways(file, limit)][:2] == [Step.STRIP, Step.COMPRESS]
    (made,) = await go(Step.STRIP, file, limit, directory)
    picture, sound = streams(made)
    assert picture["nb_read_packets"] == streams(file)[0]["nb_read_packets"]
    assert sound["codec_name"] == "aac"
    assert plays(made)


def streams_size(file: Path) -> int:
    """Bytes of the picture, as copied into a file of its own."""
    alone = file.with_name("alone.mp4")
    run("-i", str(file), "-map", "0:v", "-c", "copy", str(alone))
    return alone.stat().st_size


@pytest.mark.parametrize("name", ["cuttable.mp4", "cuttable.webm"])
async def test_parts_play_and_hold_every_frame(name: str, media: Path, directory: Path) -> None:
    file = video(name, media)
    limit = file.stat().st_size // 2
    way = await way_of(Step.SPLIT, file, limit)
    made = await go(Step.SPLIT, file, limit, directory)
    assert len(made) == way.parts > 1
    frames = [int(streams(part)[0]["nb_read_packets"]) for part in made]
    assert sum(frames) == int(streams(file)[0]["nb_read_packets"])
    assert sum(seconds(part) for part in made) == pytest.approx(3, abs=0.2)
    assert all(plays(part) for part in made)


async def test_what_can_not_be_copied_is_encoded_and_then_split(tmp_path: Path, media: Path, directory: Path) -> None:
    long = tmp_path / "long.avi"
    run("-stream_loop", "11", "-i", str(video("old.avi", media)), "-c", "copy", str(long))
    way = await way_of(Step.SPLIT, long, 600_000)
    made = await go(Step.SPLIT, long, 600_000, directory)
    assert 2 <= len(made) <= way.parts + 1
    assert sum(seconds(part) for part in made) == pytest.approx(36, abs=1)
    assert all(plays(part) for part in made)


async def test_below_the_lowest_rates_it_is_not_made_mush(media: Path) -> None:
    file = video("cuttable.mp4", media)
    strict = FitRules(min_video_bps=1_000_000)
    assert Step.COMPRESS not in {way.step for way in await VideoFitter(strict).ways(file, LIMIT)}


async def test_a_limit_that_can_not_be_met_is_an_error_and_leaves_nothing(media: Path, directory: Path) -> None:
    way = Way(step=Step.COMPRESS, predicted_bytes=2000, says="")
    with pytest.raises(CompressionFailed):
        await VideoFitter(RULES).make(video("plain.mp4", media), way, 2000, directory, told_to_nobody)
    assert list(directory.iterdir()) == []


async def test_what_is_no_video_has_no_ways(tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(b"Dear Sir or Madam" * 100)
    assert await VideoFitter(RULES).ways(letter, 10) == []


async def test_a_damaged_video_is_an_error_of_ours(tmp_path: Path, media: Path, directory: Path) -> None:
    half = tmp_path / "half.mp4"
    run("-i", str(video("plain.mp4", media)), "-c", "copy", "-movflags", "+faststart", str(half))
    whole = half.read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    way = Way(step=Step.COMPRESS, predicted_bytes=LIMIT, says="")
    with pytest.raises(CompressionFailed, match="can't be read"):
        await VideoFitter(RULES).make(half, way, LIMIT, directory, told_to_nobody)


async def test_progress_rises_to_the_end_with_the_time_that_is_left(media: Path, directory: Path) -> None:
    told: list[tuple[str, float | None, float | None]] = []
    file = video("plain.mp4", media)
    way = await way_of(Step.COMPRESS, file, LIMIT)
    await VideoFitter(RULES).make(file, way, LIMIT, directory, lambda *said: told.append(said))
    percents = [percent for _, percent, _ in told if percent is not None]
    assert percents == sorted(percents)
    assert percents[-1] == pytest.approx(100, abs=5)
    assert told[-1][0] == "compressing"
    assert told[-1][2] == pytest.approx(0, abs=1)


@pytest.fixture
def long(tmp_path: Path, media: Path) -> Path:
    long = tmp_path / "long.mp4"
    run("-stream_loop", "199", "-i", str(video("plain.mp4", media)), "-c", "copy", str(long))
    return long


async def test_cancelling_ends_ffmpeg_and_leaves_nothing(long: Path, directory: Path) -> None:
    begun = asyncio.Event()
    way = Way(step=Step.COMPRESS, predicted_bytes=10_000_000, says="")
    task = asyncio.create_task(VideoFitter(RULES).make(long, way, 10_000_000, directory, lambda *_: begun.set()))
    async with asyncio.timeout(60):
        await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [c.name() for c in psutil.Process().children(recursive=True) if c.name() == "ffmpeg"] == []
    assert list(directory.iterdir()) == []


async def test_it_gives_up_when_it_takes_too_long(long: Path, directory: Path) -> None:
    hasty = FitRules(timeout=0.5, niceness=0)
    way = Way(step=Step.COMPRESS, predicted_bytes=20_000_000, says="")
    with pytest.raises(CompressionFailed, match="too long"):
        await VideoFitter(hasty).make(long, way, 20_000_000, directory, told_to_nobody)
    assert list(directory.iterdir()) == []
