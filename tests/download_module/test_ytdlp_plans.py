"""What the child found, as a plan."""

from typing import Any

import pytest

from core.errors import LiveNotSupported, MediaNotFound
from core.options import parse_options
from download_module.extractors.base_extractor import Wish
from download_module.extractors.ytdlp_answers import Answer
from download_module.extractors.ytdlp_plans import plan_of
from download_module.plan import Assemble, Chapter, Child, Cut, DownloadPlan, Kind

SITE = "https://site.test"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXTINF:1,\nhttps://cdn.test/b.ts\n#EXT-X-ENDLIST\n"


def stream(**more: Any) -> dict[str, Any]:
    return {"url": f"{SITE}/v.mp4", "protocol": "https", "ext": "mp4", "format_id": "22"} | more


def entry(*streams: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "7", "title": "A cat", "extractor_key": "Site", "streams": list(streams)} | more


def planned(*entries: dict[str, Any], wish: dict[str, Any] | None = None, **answer: Any) -> DownloadPlan:
    read = Answer.model_validate({"entries": entries} | answer)
    return plan_of(f"{SITE}/watch", read, Wish(options=parse_options(wish or {}), max_live_seconds=90.0), method="api")


VIDEO = stream(ext="mp4", vcodec="avc1", acodec="none")
SOUND = stream(url=f"{SITE}/a.m4a", ext="m4a", vcodec="none", acodec="mp4a.40.2", format_id="140")
HLS = stream(protocol="m3u8_native", url=f"{SITE}/v.m3u8", playlist=PLAYLIST, playlist_url=f"{SITE}/x/v.m3u8")


@pytest.mark.parametrize(
    ("video", "audio", "container"),
    [("mp4", "m4a", "mp4"), ("webm", "webm", "webm"), ("mp4", "webm", "mkv"), ("webm", "m4a", "mkv")],
)
def test_the_container_is_one_that_holds_both_streams(video: str, audio: str, container: str) -> None:
    plan = planned(entry(VIDEO | {"ext": video}, SOUND | {"ext": audio}, title="../a"))
    (output,) = plan.outputs
    assert (output.filename, output.kind, output.assemble) == (f"_a.{container}", Kind.VIDEO, Assemble.MERGE)
    assert plan.size is None


def test_a_part_has_what_its_server_wants() -> None:
    headers = {"Referer": SITE, "Accept-Encoding": "gzip", "Cookie": "old=1", "range": "bytes=0-"}
    more = {"filesize": 7, "chunk": 10_485_760, "impersonate": "chrome", "http_headers": headers}
    plan = planned(entry(stream(cookies={"site.test": "session=1", "cdn.test": "other=1"}, **more)))
    (part,) = plan.parts
    assert part.headers == (("Referer", SITE), ("Cookie", "session=1"))
    assert (part.identity, part.size, part.chunk, part.impersonate) == ("site 7 22 7", 7, 10_485_760, "chrome")


def test_a_cookie_goes_to_its_own_host_alone() -> None:
    plan = planned(entry(HLS | {"cookies": {"site.test": "session=1"}}))
    assert [(part.uris[0], dict(part.headers).get("Cookie")) for part in plan.parts] == [
        (f"{SITE}/x/a.ts", "session=1"),
        ("https://cdn.test/b.ts", None),
    ]


def test_segments_are_a_track() -> None:
    (output,) = planned(entry(HLS)).outputs
    assert (output.filename, output.assemble, len(output.parts)) == ("A cat.mp4", Assemble.HLS, 2)
    assert [segment.seconds for segment in output.tracks[0].segments] == [2.0, 1.0]


def test_a_plain_file_beside_segments_is_a_track_of_one() -> None:
    (output,) = planned(entry(HLS | {"acodec": "none"}, SOUND, duration=3.0)).outputs
    assert [len(track.segments) for track in output.tracks] == [2, 1]
    assert output.tracks[1].segments[0].seconds == 3.0
    assert output.parts[2].uris == (SOUND["url"],)


def test_dash_is_a_track_for_each_stream() -> None:
    fragments = [{"path": "init.mp4"}, {"path": "1.m4s", "duration": 2.0}, {"path": "2.m4s", "duration": 2.0}]
    more = {"protocol": "http_dash_segments", "fragments": fragments, "fragment_base_url": f"{SITE}/dash/"}
    (output,) = planned(entry(VIDEO | more, SOUND | more)).outputs
    assert [len(track.segments) for track in output.tracks] == [2, 2]
    assert output.parts[0].uris == (f"{SITE}/dash/init.mp4",)


def test_a_query_that_the_site_wants_with_each_segment_is_added() -> None:
    plan = planned(entry(HLS | {"extra_param_to_segment_url": "token=a%20b&x=1"}))
    assert [part.uris[0].partition("?")[2] for part in plan.parts] == ["token=a+b&x=1"] * 2


@pytest.mark.parametrize(
    ("streams", "wish", "name", "assemble"),
    [
        ([SOUND], {}, "A cat.m4a", Assemble.NONE),
        ([SOUND | {"ext": "mp3"}], {}, "A cat.mp3", Assemble.NONE),
        ([stream(acodec="mp4a.40.2")], {"audio": True}, "A cat.m4a", Assemble.MERGE),
        ([stream(ext="webm", acodec="opus")], {"quality": "audio"}, "A cat.opus", Assemble.MERGE),
        ([HLS], {"audio": True}, "A cat.m4a", Assemble.HLS),
        ([HLS | {"vcodec": "none", "acodec": "mp3"}], {}, "A cat.mp3", Assemble.HLS),
    ],
)
def test_sound_alone_is_named_as_such(
    streams: list[dict[str, Any]], wish: dict[str, Any], name: str, assemble: Assemble
) -> None:
    (output,) = planned(entry(*streams), wish=wish).outputs
    assert (output.filename, output.kind, output.assemble) == (name, Kind.AUDIO, assemble)


def test_subtitles_and_the_thumbnail_come_beside() -> None:
    subtitles = [{"language": "en", "ext": "srt", "url": f"{SITE}/en", "cookie": "a=1"}]
    subtitles += [{"language": "de", "ext": "vtt", "data": "WEBVTT"}]
    found = entry(stream(), subtitles=subtitles, thumbnail=f"{SITE}/t.webp?x=1")
    video, english, german, thumbnail = planned(found, wish={"thumbnail": True}).outputs
    assert not video.optional
    assert (english.filename, english.kind, english.optional) == ("A cat.en.srt", Kind.DOCUMENT, True)
    assert english.parts[0].headers == (("Cookie", "a=1"),)
    assert (german.filename, german.parts[0].content) == ("A cat.de.vtt", b"WEBVTT")
    assert (thumbnail.filename, thumbnail.kind, thumbnail.optional) == ("A cat.webp", Kind.IMAGE, True)
    assert len(planned(found).outputs) == 3


def test_chapters_and_the_stretch_of_a_clip_are_kept() -> None:
    chapters = [{"start_time": 0, "end_time": 5, "title": "One"}, {"start_time": 5, "end_time": 9}]
    chapters += [{"start_time": 9, "end_time": 9, "title": "none"}, {"title": "nowhere"}]
    (output,) = planned(entry(stream(), chapters=chapters, section_start=3, section_end=8)).outputs
    assert output.chapters == (Chapter(start=0, end=5, title="One"), Chapter(start=5, end=9, title="Chapter 2"))
    assert output.cut == Cut(start=3, end=8)


def test_a_list_becomes_children() -> None:
    children = [{"url": f"{SITE}/1", "title": "One"}, {"url": f"{SITE}/2"}]
    plan = planned(children=children, title="All", extractor="SiteList", author="me")
    assert plan.children == (Child(url=f"{SITE}/1", title="One"), Child(url=f"{SITE}/2"))
    assert (plan.title, plan.author, plan.extractor, plan.outputs) == ("All", "me", "sitelist", ())


def test_several_videos_of_one_page_are_outputs_of_one_plan() -> None:
    plan = planned(entry(stream()), entry(stream(), title="B"), title="A page")
    assert [output.filename for output in plan.outputs] == ["A cat.mp4", "B.mp4"]
    assert plan.title == "A page"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"live_status": "is_live"}, "ended"),
        ({"live_status": "is_upcoming", "release_timestamp": 1_900_000_000}, "It begins <t:1900000000:R>."),
        ({"live_status": "is_upcoming"}, "not begun"),
    ],
)
def test_what_is_live_or_to_come_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(LiveNotSupported, match=words):
        planned(entry(**said))


def test_a_live_stream_that_is_asked_for_is_recorded_up_to_the_cap() -> None:
    found = entry(stream(protocol="m3u8_native", url=f"{SITE}/live.m3u8"), live_status="is_live")
    (output,) = planned(found, wish={"live": 1}).outputs
    assert output.live is not None
    assert (output.live.playlists, output.live.seconds) == ((f"{SITE}/live.m3u8",), 60.0)
    assert (output.parts, output.tracks, output.assemble) == ((), (), Assemble.HLS)
    (capped,) = planned(found, wish={"live": 30}).outputs
    assert capped.live is not None
    assert capped.live.seconds == 90.0


@pytest.mark.parametrize("text", ["", "#EXTM3U\n", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"])
def test_a_playlist_that_names_nothing_to_fetch_is_an_error(text: str) -> None:
    with pytest.raises(MediaNotFound):
        planned(entry(HLS | {"playlist": text}))


def test_the_metadata_has_the_fields_of_the_site() -> None:
    about = {
        "extractor_key": "Youtube",
        "uploader": "Cats",
        "channel": "Cat channel",
        "channel_id": "UC1",
        "duration": 61.5,
        "timestamp": 1_700_000_000,
        "upload_date": "20231114",
        "view_count": 5,
        "tags": ["a", None, 3],
        "start_time": 30,
        "age_limit": 0,
        "live_status": "was_live",
    }
    metadata = planned(entry(stream(width=1920, height=1080), **about)).metadata
    assert (metadata.platform, metadata.video_id, metadata.channel_name) == ("youtube", "7", "Cat channel")
    assert (metadata.published_at, metadata.upload_date) == ("2023-11-14 22:13:20", "2023-11-14")
    assert (metadata.quality, metadata.duration, metadata.download_method) == ("1080p", 61.5, "api")
    assert (metadata.view_count, metadata.tags, metadata.is_livestream) == (5, ["a", "3"], True)
    assert metadata.platform_data == {"start_time": 30.0, "age_limit": 0}
    assert metadata.format_info == {"chosen": ["22"], "offered": []}


def test_a_tweet_is_known_by_its_own_number() -> None:
    about = {"extractor_key": "Twitter", "display_id": "99", "uploader_id": "cat", "repost_count": 4}
    metadata = planned(entry(stream(), **about)).metadata
    assert (metadata.platform, metadata.tweet_id, metadata.user_screen_name) == ("twitter", "99", "cat")
    assert metadata.retweet_count == 4


@pytest.mark.parametrize(
    "odd",
    [
        {"duration": "long"},
        {"duration": float("nan")},
        {"view_count": -1},
        {"timestamp": 1e18},
        {"tags": "all"},
        {"title": 7},
        {"upload_date": "yesterday"},
        {"chapters": [{"start_time": "a"}]},
    ],
    ids=str,
)
def test_nonsense_about_a_video_does_not_fail_it(odd: dict[str, Any]) -> None:
    assert len(planned(entry(stream(), **odd)).outputs) == 1
