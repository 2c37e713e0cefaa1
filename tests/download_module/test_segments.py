"""Playlists and fragments as parts and tracks; whatever a site sends, the answer is a plan or a sentence."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import BossBotError, DrmProtected, MediaNotFound, TooLarge
from download_module.extractors.media_playlist import MAX_SEGMENTS, read_playlist
from download_module.extractors.segments import clipped, dash_track, hls_track, join, ranges_of, whole_track
from download_module.plan import Part, Segment, Slice

URL = "https://site.test/a/b/list.m3u8?token=1"
HEADERS = (("Referer", "https://site.test/"),)
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"


def playlist(*lines: str) -> str:
    return HEAD + "\n".join(lines) + "\n#EXT-X-ENDLIST\n"


def uris(parts: tuple[Part, ...]) -> list[str]:
    return [part.uris[0] for part in parts]


def test_each_segment_is_a_part_beside_the_playlist() -> None:
    stream = hls_track(playlist("#EXTINF:6,", "0.ts", "#EXTINF:4.5,", "/c/1.ts?s=2"), URL, headers=HEADERS)
    assert uris(stream.parts) == ["https://site.test/a/b/0.ts", "https://site.test/c/1.ts?s=2"]
    assert all(part.headers == HEADERS and part.identity is None for part in stream.parts)
    assert stream.track.segments == (Segment(data=Slice(part=0), seconds=6), Segment(data=Slice(part=1), seconds=4.5))
    assert stream.seconds == 10.5


def test_ranges_of_one_file_are_one_part() -> None:
    text = playlist(
        '#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"',
        *("#EXTINF:6,", "#EXT-X-BYTERANGE:500@100", "all.mp4"),
        *("#EXTINF:6,", "#EXT-X-BYTERANGE:300", "all.mp4"),
        *("#EXTINF:6,", "#EXT-X-BYTERANGE:200@1000", "all.mp4"),
    )
    stream = hls_track(text, URL)
    assert uris(stream.parts) == ["https://site.test/a/b/all.mp4"]
    assert [segment.data for segment in stream.track.segments] == [
        Slice(part=0, offset=100, length=500),
        Slice(part=0, offset=600, length=300),
        Slice(part=0, offset=1000, length=200),
    ]
    assert {segment.init for segment in stream.track.segments} == {Slice(part=0, offset=0, length=100)}
    assert ranges_of(stream.track, 0) == ((0, 900), (1000, 1200))


def test_keys_and_initializations_are_fetched_once_and_ivs_are_always_given() -> None:
    text = playlist(
        "#EXT-X-MEDIA-SEQUENCE:7",
        '#EXT-X-MAP:URI="plain.mp4"',
        '#EXT-X-KEY:METHOD=AES-128,URI="k"',
        *("#EXTINF:1,", "0.m4s", "#EXT-X-GAP", "#EXTINF:1,", "1.m4s", "#EXTINF:1,", "2.m4s"),
        '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xAB',
        '#EXT-X-MAP:URI="hidden.mp4"',
        *("#EXTINF:1,", "3.m4s"),
        "#EXT-X-KEY:METHOD=NONE",
        *("#EXTINF:1,", "4.m4s"),
    )
    stream = hls_track(text, URL)
    names = [uri.rpartition("/")[2] for uri in uris(stream.parts)]
    assert sorted(names) == ["0.m4s", "2.m4s", "3.m4s", "4.m4s", "hidden.mp4", "k", "plain.mp4"]
    key = names.index("k")
    found = [(s.key, s.iv, s.init_key, s.init_iv) for s in stream.track.segments]
    assert found == [
        (key, f"0x{7:032x}", None, None),
        (key, f"0x{9:032x}", None, None),
        (key, f"0x{0xAB:032x}", key, f"0x{0xAB:032x}"),
        (None, None, key, f"0x{0xAB:032x}"),
    ]


def test_a_key_in_the_playlist_itself_needs_no_fetching() -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,MDEyMzQ1Njc4OWFiY2RlZg=="'
    stream = hls_track(playlist(key, "#EXTINF:1,", "0.ts"), URL)
    assert [part.content for part in stream.parts] == [b"0123456789abcdef", None]


def test_a_break_is_marked_also_when_the_segment_after_it_is_missing() -> None:
    text = playlist(
        "#EXTINF:1,", "0.ts", "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", "#EXTINF:1,", "1.ts", "#EXTINF:1,", "2.ts"
    )
    assert [s.discontinuity for s in hls_track(text, URL).track.segments] == [False, True]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", MediaNotFound, "no segments"),
        ("<html>Please log in</html>", MediaNotFound, "no segments"),
        (HEAD + "#EXT-X-STREAM-INF:BANDWIDTH=1\nb.m3u8\n", MediaNotFound, "other playlists"),
        (playlist("#EXTINF:1,", "list.m3u8?token=1#again"), MediaNotFound, "contains itself"),
        (playlist("#EXTINF:1,", "file:///etc/passwd"), MediaNotFound, "not on the web"),
        (playlist("#EXTINF:1,", "//:80"), MediaNotFound, "not on the web"),
        (playlist("#EXTINF:1,", "http://[/"), MediaNotFound, "can't be read"),
        (playlist("#EXTINF:1,", "http://a:99999999/"), MediaNotFound, "can't be read"),
        (playlist('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/shadow"', "#EXTINF:1,", "0.ts"), MediaNotFound, "web"),
        (playlist('#EXT-X-MAP:URI="ftp://a/b"', "#EXTINF:1,", "0.ts"), MediaNotFound, "not on the web"),
        (playlist('#EXT-X-KEY:METHOD=AES-128,URI="data:,short"', "#EXTINF:1,", "0.ts"), MediaNotFound, "can't be read"),
        (playlist('#EXT-X-KEY:METHOD=AES-128,URI="k",IV=7', "#EXTINF:1,", "0.ts"), MediaNotFound, "can't be read"),
        (playlist("#EXT-X-MEDIA-SEQUENCE:-1", "#EXTINF:1,", "0.ts"), MediaNotFound, "can't be read"),
        (playlist(f"#EXT-X-BYTERANGE:{2**63}@0", "#EXTINF:1,", "0.ts"), MediaNotFound, "can't be read"),
        (playlist('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"', "#EXTINF:1,", "0.ts"), DrmProtected, "copy-protected"),
        (
            playlist(
                '#EXT-X-KEY:METHOD=AES-128,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"', "#EXTINF:1,", "0"
            ),
            DrmProtected,
            "copy-protected",
        ),
        (playlist("#EXTINF:1,\n0.ts\n" * (MAX_SEGMENTS + 1)), TooLarge, "more than 20,000"),
    ],
)
def test_what_can_not_be_fetched_is_told(text: str, error: type[BossBotError], words: str) -> None:
    with pytest.raises(error, match=words):
        hls_track(text, URL)


TAGS = st.sampled_from(
    [
        *("#EXTM3U", "#EXTINF:", "#EXT-X-KEY:METHOD=AES-128,", "#EXT-X-KEY:", "#EXT-X-MAP:URI=", "#EXT-X-BYTERANGE:"),
        *("#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-GAP", "#EXT-X-DISCONTINUITY", "#EXT-X-PART:", "#EXT-X-STREAM-INF:"),
        *("#EXT-X-PROGRAM-DATE-TIME:", "#EXT-X-DATERANGE:", "#EXT-X-TARGETDURATION:", "#EXT-X-SKIP:", "", "seg.ts"),
    ]
)
ENDS = st.one_of(st.text(max_size=12), st.sampled_from(["1,", "nan,", "1e999,", '"x"', "URI=k,IV=0x1", "5@5", "-1"]))


@given(st.lists(st.tuples(TAGS, ENDS).map("".join), max_size=12).map("\n".join))
@example("#EXT-X-PROGRAM-DATE-TIME:2020-01-01\n#EXTINF:1e999,\na")
@example("#EXT-X-BYTERANGE:1@0\nx")
@example("#EXT-X-KEY:METHOD")
@example("#EXTINF:1,\n\ud800")
def test_no_text_is_too_hostile(text: str) -> None:
    try:
        stream = hls_track(text, URL)
    except BossBotError:
        return
    found = uris(stream.parts)
    assert all(uri.startswith(("http://", "https://")) and uri.isascii() and uri.isprintable() for uri in found)
    assert all(0 <= segment.seconds < 10**7 for segment in stream.track.segments)


def test_thousands_of_keys_take_no_time() -> None:
    lines = [f'#EXT-X-KEY:METHOD=AES-128,URI="{i}.key"\n#EXTINF:1,\n{i}.ts' for i in range(5000)]
    assert len(hls_track(playlist(*lines), URL).parts) == 10_000


def test_a_live_playlist_says_where_it_is() -> None:
    read = read_playlist("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:30\n#EXTINF:4,\n30.ts\n", URL)
    assert (read.ended, read.target_seconds, [piece.number for piece in read.pieces]) == (False, 4.0, [30])


def test_fragments_of_dash_follow_their_initialization() -> None:
    fragments: list[dict[str, Any]] = [
        {"path": "init-0.mp4"},
        {"path": "0.m4s", "duration": 2.0},
        {"path": "1.m4s", "duration": None},
        {"url": "http://other.test/init-1.mp4"},
        {"url": "http://other.test/0.m4s", "duration": 1},
    ]
    stream = dash_track(fragments, "https://site.test/v/", headers=HEADERS)
    assert uris(stream.parts)[:2] == ["https://site.test/v/init-0.mp4", "https://site.test/v/0.m4s"]
    assert stream.track.segments == (
        Segment(data=Slice(part=1), seconds=2.0, init=Slice(part=0)),
        Segment(data=Slice(part=2), seconds=0.0, init=Slice(part=0)),
        Segment(data=Slice(part=4), seconds=1.0, init=Slice(part=3), discontinuity=True),
    )


def test_fragments_that_tell_no_durations_follow_one_another() -> None:
    stream = dash_track([{"path": "init.mp4"}, {"path": "0.m4s"}], "https://site.test/v/")
    assert [segment.data.part for segment in stream.track.segments] == [0, 1]
    assert stream.track.segments[0].init is None


@pytest.mark.parametrize(
    ("fragments", "base", "error"),
    [
        ([], "https://site.test/", MediaNotFound),
        ([{"duration": 1}], "https://site.test/", MediaNotFound),
        ([{"url": 5}], "https://site.test/", MediaNotFound),
        ([{"path": "0.m4s"}], None, MediaNotFound),
        ([{"url": "file:///etc/passwd", "duration": 1}], "https://site.test/", MediaNotFound),
        (
            [{"path": "init.mp4"}, {"path": "init.mp4", "duration": float("nan")}] * (MAX_SEGMENTS),
            "https://a.test",
            TooLarge,
        ),
    ],
)
def test_fragments_that_can_not_be_fetched_are_told(
    fragments: list[dict[str, Any]], base: str | None, error: type[BossBotError]
) -> None:
    with pytest.raises(error, match=r"\.$"):
        dash_track(fragments, base)


def test_streams_are_joined_under_new_numbers() -> None:
    video = hls_track(playlist('#EXT-X-MAP:URI="i"', '#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXTINF:1,", "v"), URL)
    audio = whole_track(Part(uris=("https://site.test/a.m4a",)), 1.0)
    parts, tracks = join([audio, video])
    assert [uri.rpartition("/")[2] for uri in uris(parts)] == [
        "a.m4a",
        *(u.rpartition("/")[2] for u in uris(video.parts)),
    ]
    (segment,) = tracks[1].segments
    assert segment.init is not None
    assert segment.key is not None
    names = {"data": segment.data.part, "init": segment.init.part, "key": segment.key}
    assert {kind: uris(parts)[number][-1] for kind, number in names.items()} == {"data": "v", "init": "i", "key": "k"}
    assert join([video]) == (video.parts, (video.track,))


@pytest.mark.parametrize(
    ("start", "end", "kept", "begins"),
    [
        (0.0, None, ["0", "1", "2", "3"], 0.0),
        (12.0, 18.0, ["2"], 12.0),
        (11.9, 18.1, ["1", "2", "3"], 6.0),
        (20.0, None, ["3"], 18.0),
        (0.0, 0.5, ["0"], 0.0),
        (23.0, 99.0, ["3"], 18.0),
    ],
)
def test_a_clip_needs_only_its_segments(start: float, end: float | None, kept: list[str], begins: float) -> None:
    whole = hls_track(playlist('#EXT-X-MAP:URI="i"', *(f"#EXTINF:6,\n{i}" for i in range(4))), URL)
    clip = clipped(whole, start, end)
    assert [uri[-1] for uri in uris(clip.parts)] == ["i", *kept]
    assert [uris(clip.parts)[s.data.part][-1] for s in clip.track.segments] == kept
    assert clip.track.start == begins
    again = clipped(clip, start, end)
    assert again == clip
    with pytest.raises(MediaNotFound):
        clipped(whole, 24.0, None)


def test_cookies_go_to_no_other_host() -> None:
    headers = (*HEADERS, ("Cookie", "session=1"), ("authorization", "Bearer 1"))
    text = playlist("#EXTINF:1,", "0.ts", "#EXTINF:1,", "https://other.test/1.ts")
    assert [part.headers for part in hls_track(text, URL, headers=headers).parts] == [headers, HEADERS]
    fragments: list[dict[str, Any]] = [{"path": "0.m4s"}, {"url": "https://other.test/1.m4s"}]
    found = dash_track(fragments, "https://site.test/", headers=headers).parts
    assert [part.headers for part in found] == [headers, HEADERS]


def test_a_stream_without_durations_is_kept_whole() -> None:
    stream = dash_track([{"path": "init.mp4"}, {"path": "0.m4s"}], "https://site.test/v/")
    assert clipped(stream, 5.0, 6.0) is stream


def test_a_new_signature_is_the_same_part(tmp_path: Path) -> None:
    def identities(signature: str, identity: str | None) -> list[str | None]:
        text = playlist(*(f"#EXTINF:1,\n{i}.ts?sig={signature}" for i in range(2)))
        return [part.identity for part in hls_track(text, URL, identity=identity).parts]

    assert identities("a", "site 1") == identities("b", "site 1")
    assert None not in identities("a", "site 1")
    assert all(one != other for one, other in pairwise([*identities("a", "site 1"), *identities("a", "site 2")]))
