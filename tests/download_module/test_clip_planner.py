"""Plans of clips. Indexes of files stand in test_byte_index, what aria2 and ffmpeg make of it in integration."""

from typing import Any

import pytest

from core.clips import Clip, parse_clip
from core.errors import RequestRefused
from download_module import clip_planner
from download_module.clip_planner import cut_plan
from download_module.media_metadata import MediaMetadata
from download_module.plan import Assemble, Cut, DownloadPlan, Kind, LiveWindow, Output, Part, Segment, Slice, Track
from download_module.range_reader import RangeReader
from tests.download_module.given import LOOPBACK
from tests.support.media_server import MediaServer

READER = RangeReader(egress=LOOPBACK)
NOWHERE = "http://127.0.0.1:2/a.mp4"  # nobody listens: no index


def whole(*, name: str = "a.mp4", kind: Kind = Kind.VIDEO, parts: int = 1) -> Output:
    assemble = Assemble.MERGE if parts > 1 else Assemble.NONE
    return Output(filename=name, kind=kind, parts=(Part(uris=(NOWHERE,)),) * parts, assemble=assemble)


def stream(count: int = 10, *, seconds: float = 2.0, tracks: int = 1) -> Output:
    """Segments, of one key and one initialization for each track."""
    parts: list[Part] = []
    made = []
    for number in range(tracks):
        base = len(parts)
        parts += [Part(uris=(f"http://site.test/{number}/{part}",)) for part in ("key", "init", *range(count))]
        segments = (
            Segment(
                data=Slice(part=base + 2 + i), seconds=seconds, init=Slice(part=base + 1), key=base, iv=f"0x{i:032x}"
            )
            for i in range(count)
        )
        made.append(Track(segments=tuple(segments)))
    return Output(filename="a.mp4", kind=Kind.VIDEO, parts=tuple(parts), assemble=Assemble.HLS, tracks=tuple(made))


def plan(*outputs: Output, duration: float | None = None, **platform_data: Any) -> DownloadPlan:
    metadata = MediaMetadata(duration=duration, platform_data=platform_data)
    return DownloadPlan(source_url="http://site.test/", extractor="test", outputs=outputs, metadata=metadata)


async def cuts(clip: str | Clip, of: DownloadPlan) -> list[Cut | None]:
    parsed = parse_clip(clip) if isinstance(clip, str) else clip
    return [output.cut for output in (await cut_plan(of, parsed, READER)).outputs]


@pytest.mark.parametrize(
    ("clip", "start_time", "cut"),
    [
        ("0:30-1:10", None, Cut(start=30, end=70)),
        ("0:30-1:10", 50, Cut(start=30, end=70)),
        ("90-", None, Cut(start=90, end=None)),
        ("-20", None, Cut(start=0, end=20)),
        ("-20", 12, Cut(start=12, end=20)),
        ("-20", 50, Cut(start=0, end=20)),
        ("+40", None, Cut(start=0, end=40)),
        ("+40", 25.5, Cut(start=25.5, end=65.5)),
        ("+40", "soon", Cut(start=0, end=40)),
        ("+40", float("nan"), Cut(start=0, end=40)),
        ("+40", -3, Cut(start=0, end=40)),
        ("30-200", None, Cut(start=30, end=None)),
    ],
)
async def test_a_clip_begins_where_it_or_the_link_says(clip: str, start_time: object, cut: Cut) -> None:
    assert await cuts(clip, plan(whole(), duration=120, start_time=start_time)) == [cut]


async def test_a_clip_of_everything_changes_nothing() -> None:
    given = plan(whole(), stream())
    assert await cut_plan(given, Clip(None, None), READER) is given


async def test_only_segments_that_overlap_are_kept_with_what_decodes_them() -> None:
    (output,) = (await cut_plan(plan(stream(tracks=2)), parse_clip("5-9.5"), READER)).outputs
    assert output.cut == Cut(start=5, end=9.5)
    names = [part.uris[0].removeprefix("http://site.test/") for part in output.parts]
    assert names == [f"{track}/{part}" for track in (0, 1) for part in ("key", "init", 2, 3, 4)]
    for number, track in enumerate(output.tracks):
        assert (track.start, len(track.segments)) == (4.0, 3)
        assert [segment.data.part for segment in track.segments] == [number * 5 + i for i in (2, 3, 4)]
        assert [segment.iv for segment in track.segments] == [f"0x{i:032x}" for i in (2, 3, 4)]
        assert {(segment.key, segment.init) for segment in track.segments} == {(number * 5, Slice(part=number * 5 + 1))}


@pytest.mark.parametrize(
    ("clip", "kept"),
    [("0-2", [0]), ("2-4", [1]), ("1.99-4.01", [0, 1, 2]), ("18-", [9]), ("19.9-500", [9]), ("0.1-", list(range(10)))],
)
async def test_a_clip_on_the_border_of_segments_takes_no_more(clip: str, kept: list[int]) -> None:
    (output,) = (await cut_plan(plan(stream()), parse_clip(clip), READER)).outputs
    assert [part.uris[0].rpartition("/")[2] for part in output.parts] == ["key", "init", *map(str, kept)]


async def test_a_track_that_ends_before_the_clip_is_left_out() -> None:
    long, short = stream(10), stream(3)
    tracks = (*long.tracks, Track(segments=short.tracks[0].segments))
    both = Output(filename="a.mp4", kind=Kind.VIDEO, parts=long.parts, assemble=Assemble.HLS, tracks=tracks)
    (output,) = (await cut_plan(plan(both), parse_clip("10-12"), READER)).outputs
    assert len(output.tracks) == 1
    assert len(output.parts) == 3


async def test_of_one_file_in_byte_ranges_only_those_of_the_clip_are_fetched() -> None:
    async with MediaServer() as server:
        part = Part(uris=(server.add("/a.ts", 10_000_000),), identity="x", checksum="sha-256=00", fallbacks=("b",))
        data = [Slice(part=0, offset=i * 1_000_000, length=1_000_000) for i in range(10)]
        track = Track(segments=tuple(Segment(data=one, seconds=2.0) for one in data))
        given = Output(filename="a.mp4", kind=Kind.VIDEO, parts=(part,), assemble=Assemble.HLS, tracks=(track,))
        (output,) = (await cut_plan(plan(given), parse_clip("5-9"), READER)).outputs
        assert output.parts[0].ranges == ((2_000_000, 5_000_000),)
        assert output.parts[0].size == 10_000_000
        assert (output.parts[0].checksum, output.parts[0].fallbacks) == (None, ())
        assert output.parts[0].identity not in ("x", None)
        assert [segment.data for segment in output.tracks[0].segments] == data[2:5]


@pytest.mark.parametrize(
    "given",
    [
        plan(whole(), duration=60),
        plan(stream(10)),
        plan(stream(10), duration=600),
        plan(whole(parts=2), whole(kind=Kind.IMAGE, name="a.jpg"), duration=59.5),
    ],
)
async def test_a_clip_behind_the_end_is_refused_with_a_sentence(given: DownloadPlan) -> None:
    with pytest.raises(RequestRefused, match=r"^The clip begins at 1:01, but this video ends at (1:00|0:20)\."):
        await cut_plan(given, parse_clip("1:01-1:10"), READER)


async def test_of_several_videos_those_that_end_before_the_clip_are_left_out() -> None:
    outputs = (await cut_plan(plan(stream(5), stream(10), duration=10), parse_clip("15-"), READER)).outputs
    assert [output.cut for output in outputs] == [Cut(start=15, end=None)]


async def test_what_is_no_video_stays_as_it_is() -> None:
    window = LiveWindow(playlists=("http://site.test/live.m3u8",), headers=(), seconds=60)
    others = (
        whole(name="a.jpg", kind=Kind.IMAGE),
        whole(name="a.vtt", kind=Kind.DOCUMENT),
        Output(filename="live.mp4", kind=Kind.VIDEO, parts=(), live=window),
        Output(filename="album", kind=Kind.VIDEO, parts=(Part(uris=("magnet:?xt=urn:btih:0",)),)),
    )
    outputs = (await cut_plan(plan(whole(), *others), parse_clip("5-9"), READER)).outputs
    assert outputs[0].cut == Cut(start=5, end=9)
    assert outputs[1:] == others


async def test_without_an_index_the_file_is_fetched_whole_and_cut_afterwards() -> None:
    given = whole(parts=2)
    (output,) = (await cut_plan(plan(given), parse_clip("5-9"), READER)).outputs
    assert output.parts == given.parts
    assert output.cut == Cut(start=5, end=9)


async def test_of_many_videos_only_the_indexes_of_the_first_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_planner, "MAX_INDEXED", 2)
    async with MediaServer() as server:
        names = [f"/{number}.mp4" for number in range(3)]
        outputs = [
            Output(filename=name, kind=Kind.VIDEO, parts=(Part(uris=(server.add(name, b"no video" * 50),)),))
            for name in names
        ]
        assert await cuts("5-9", plan(*outputs)) == [Cut(start=5, end=9)] * 3
        assert [bool(server.requests(name)) for name in names] == [True, True, False]
