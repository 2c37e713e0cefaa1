"""What a response is: media, a manifest, an ad server's answer, or none of these."""

import pytest

from download_module.extractors.playwright_media import Form, ads_of, form_of, form_of_text, read_manifest, size_of

BASE = "https://site.test/v/master.m3u8"
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
low.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
1.m4s
#EXTINF:2.5,
/2.m4s
#EXT-X-ENDLIST
"""


@pytest.mark.parametrize(
    ("path", "mime", "resource", "form"),
    [
        ("a.mp4", "video/mp4", "media", Form.FILE),
        ("a", "audio/mpeg", "media", Form.FILE),
        ("a", "application/octet-stream", "media", Form.FILE),
        ("a.mp4", "video/mp4", "document", Form.FILE),
        ("a.m4s", "video/iso.segment", "fetch", Form.PIECE),
        ("a.ts", "application/octet-stream", "xhr", Form.PIECE),
        ("a.bin", "application/octet-stream", "xhr", None),
        ("a.m3u8?token=1", "text/plain", "xhr", Form.HLS),
        ("a.m3u8", "text/html", "xhr", None),
        ("list", "application/vnd.apple.mpegurl", "media", Form.HLS),
        ("list", "audio/mpegurl", "fetch", Form.HLS),
        ("list", "application/dash+xml", "fetch", Form.DASH),
        ("a.mpd", "application/octet-stream", "fetch", Form.DASH),
        ("index.html", "text/html", "document", None),
        ("a.jpg", "image/jpeg", "image", None),
        ("movie.ts", "text/javascript", "script", None),
    ],
)
def test_the_form_is_told_from_type_address_and_who_asked(
    path: str, mime: str, resource: str, form: Form | None
) -> None:
    assert form_of(f"https://site.test/{path}", mime, resource) is form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (MASTER, Form.HLS),
        ("\ufeff\n" + MEDIA, Form.HLS),
        ('<?xml version="1.0"?>\n<MPD>', Form.DASH),
        ("words #EXTM3U", None),
        ("", None),
    ],
)
def test_a_manifest_is_known_by_its_beginning(text: str, form: Form | None) -> None:
    assert form_of_text(text) is form


def test_playlists_say_how_long_they_are_and_what_they_are_made_of() -> None:
    master, media = read_manifest(Form.HLS, MASTER, BASE), read_manifest(Form.HLS, MEDIA, BASE)
    assert master is not None
    assert media is not None
    assert (master.master, master.seconds) == (True, None)
    assert master.refers == {"https://site.test/v/sound.m3u8", "https://site.test/v/low.m3u8"}
    assert (media.master, media.seconds) == (False, 6.5)
    assert media.refers == {
        "https://site.test/v/init.mp4",
        "https://site.test/v/1.m4s",
        "https://site.test/2.m4s",
    }


@pytest.mark.parametrize(
    ("length", "seconds"),
    [("PT1H2M3.5S", 3723.5), ("P1DT1S", 86401), ("P0Y0M0DT0H10M", 600), ("PT0S", None), ("soon", None)],
)
def test_a_dash_manifest_says_how_long_it_is(length: str, seconds: float | None) -> None:
    manifest = read_manifest(Form.DASH, f'<MPD mediaPresentationDuration="{length}">', BASE)
    assert manifest is not None
    assert manifest.seconds == seconds


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:x,\n1.ts\n", "#EXTM3U\n#EXT-X-STREAM-INF:=\n", "#EXTM3U\n#EXTINF"])
def test_a_broken_playlist_breaks_nothing(text: str) -> None:
    manifest = read_manifest(Form.HLS, text, BASE)
    assert manifest is None or manifest.seconds is None


def test_an_ad_server_names_its_media() -> None:
    text = (
        "<VAST><MediaFile type='video/mp4'>\n<![CDATA[ https://ads.test/a.mp4?x=1 ]]></MediaFile><Other>https://b.test/"
    )
    assert ads_of(text) == {"https://ads.test/a.mp4?x=1"}
    assert ads_of(text.replace("VAST", "feed")) == frozenset()


@pytest.mark.parametrize(
    ("status", "headers", "size"),
    [
        (200, {"content-length": "7"}, 7),
        (206, {"content-length": "2", "content-range": "bytes 0-1/7"}, 7),
        (206, {"content-length": "2", "content-range": "bytes 0-1/*"}, None),
        (200, {"content-length": "7", "content-encoding": "gzip"}, None),
        (200, {"content-length": "\u0667"}, None),
        (200, {}, None),
    ],
)
def test_the_size_is_that_of_the_whole(status: int, headers: dict[str, str], size: int | None) -> None:
    assert size_of(status, headers) == size
