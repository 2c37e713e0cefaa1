"""Stage 1: what a URL is for, without looking."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UnsupportedUrl
from core.models import UrlType
from download_module.routes import ANY_HOST, ROUTES, Route
from download_module.url_detector import PAGE_UNTOLD, Identity, UrlDetector

INFOHASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
TORRENT = (UrlType.TORRENT,)
VIDEOS = (UrlType.YTDLP, UrlType.PLAYWRIGHT)

detect = UrlDetector().detect


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.example)
def test_a_route_takes_its_own_example(route: Route) -> None:
    detection = detect(route.example)
    assert detection.candidates == route.candidates
    assert detection.url == route.example
    if route.example_id:
        assert detection.identity.id == route.example_id
        assert detection.identity.site.partition(":")[0] == route.site.partition(":")[0]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.example)
def test_a_route_does_not_take_its_counter_example(route: Route) -> None:
    detection = detect(route.counter_example)
    if route.example_id:
        assert detection.identity.site.partition(":")[0] != route.site.partition(":")[0]
    else:
        assert detection.candidates != route.candidates


@pytest.mark.parametrize("route", [route for route in ROUTES if route.hosts], ids=lambda route: route.example)
def test_a_route_does_not_take_a_host_that_only_looks_like_its_own(route: Route) -> None:
    rest = route.example.partition("://")[2]
    host = rest.partition("/")[0]
    site = ".".join(host.split(".")[-2:])
    others = (f"{host}.evil.test/watch", f"evil.test/{host}/watch", f"not{site}/watch", f"evil.test/?{rest}")
    for other in others:
        assert detect(f"https://{other}").candidates == PAGE_UNTOLD


def test_every_row_that_reads_an_id_says_which() -> None:
    assert [route.path for route in ROUTES if ("(?P<id>" in route.path) != (route.example_id is not None)] == []
    assert [route.site for route in ROUTES if route.hosts == ANY_HOST and not route.site.endswith(":*")] == []


@pytest.mark.parametrize(
    ("url", "candidates"),
    [
        ("http://site.test/a.mp4", PAGE_UNTOLD),
        ("HTTPS://SITE.TEST/A.MP4", PAGE_UNTOLD),
        ("https://site.test/a.mp4?token=1#t=5", PAGE_UNTOLD),
        ("https://site.test/watch?v=1", PAGE_UNTOLD),
        ("https://site.test", PAGE_UNTOLD),
        ("https://site.test:8443/a", PAGE_UNTOLD),
        ("https://[2001:4860:4860::8888]/a", PAGE_UNTOLD),
        ("https://user:secret@site.test/a.jpg", PAGE_UNTOLD),
        ("https://x.com/media/a.jpg", (UrlType.DIRECT, UrlType.GALLERYDL, UrlType.YTDLP, UrlType.PLAYWRIGHT)),
        ("https://i.imgur.com/abcdefg.jpg", (UrlType.DIRECT, UrlType.GALLERYDL, UrlType.YTDLP, UrlType.PLAYWRIGHT)),
        ("https://www.dropbox.com/s/abc/a.mp4", (UrlType.DIRECT, UrlType.YTDLP, UrlType.PLAYWRIGHT)),
        ("https://www.youtube.com/bin", VIDEOS),
        ("https://WWW.YouTube.com/watch?v=1", VIDEOS),
        ("https://www.youtube.com./watch?v=1", VIDEOS),
        ("https://www.youtube.com:443/watch?v=1", VIDEOS),
        ("ftp://site.test/a.mp4", (UrlType.DIRECT,)),
        ("FTP://site.test/pub/", (UrlType.DIRECT,)),
        ("https://site.test/stream.mpd", (UrlType.YTDLP,)),
        ("https://site.test/stream.m3u8?a=.mp4", (UrlType.YTDLP,)),
        (f"magnet:?xt=urn:btih:{INFOHASH}", TORRENT),
        (f"MAGNET:?xt=urn:btih:{INFOHASH}&dn=a", TORRENT),
        ("https://site.test/linux.iso.torrent", TORRENT),
        ("ftp://site.test/linux.TORRENT?key=1", TORRENT),
        ("https://site.test/linux.metalink", TORRENT),
        ("https://site.test/linux.iso.meta4", TORRENT),
        ("https://site.test/torrent", PAGE_UNTOLD),
        ("https://site.test/?file=a.torrent", PAGE_UNTOLD),
        ("https://site.test/.torrent/about", PAGE_UNTOLD),
    ],
)
def test_a_url_has_its_candidates(url: str, candidates: tuple[UrlType, ...]) -> None:
    assert detect(url).candidates == candidates


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "cat.mp4",
        "//site.test/a.mp4",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "file://localhost/etc/passwd",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "rtmp://site.test/live",
        "gopher://site.test/",
        "udp://tracker.test:80/announce",
        "r:file:///etc/passwd",
        "ytdl:https://site.test/a",
        "oauth:reddit",
        "generic:https://site.test/",
        "text:hello",
        "--exec x",
        "-o /etc/passwd",
        "http://",
        "http:///etc/passwd",
        "http:site.test/a.mp4",
        "https://user@/a",
        "http://site.test:port/a",
        "http://site.test:99999/a",
        "http://site.test:-1/a",
        "http://[::1/a",
        "http://[not-an-address]/a",
        "magnet:xt=urn",
        "\x00",
        "h\x00ttp://site.test/",
        "ftps://site.test/a.mp4",
        "\uff48ttp://site.test/",
        "https://www.youtube.com/redirect?q=https://[bad/",
    ],
)
def test_what_is_no_http_ftp_or_magnet_link_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(UnsupportedUrl, match=r"^This kind of link is not supported"):
        detect(url)


@pytest.mark.parametrize(
    ("urls", "identity"),
    [
        (
            (
                "https://www.youtube.com/watch?v=jNQXAC9IVRw",
                "http://youtube.com/watch?list=PLzH6n4zXuckpfMu&v=jNQXAC9IVRw&t=5",
                "https://youtu.be/jNQXAC9IVRw?si=share",
                "https://m.youtube.com/shorts/jNQXAC9IVRw?feature=share",
                "https://music.youtube.com/watch?v=jNQXAC9IVRw&si=a",
                "https://www.youtube-nocookie.com/embed/jNQXAC9IVRw",
                "https://yewtu.be/watch?v=jNQXAC9IVRw",
                "https://www.youtube.com/live/jNQXAC9IVRw",
                "https://www.google.com/url?sa=t&url=https%3A%2F%2Fyoutu.be%2FjNQXAC9IVRw",
            ),
            Identity("youtube", "jNQXAC9IVRw"),
        ),
        (
            (
                "https://x.com/freethenipple/status/643211948184596480?s=20&t=abc",
                "https://twitter.com/freethenipple/status/643211948184596480/photo/1",
                "https://mobile.twitter.com/i/web/status/643211948184596480",
                "https://fxtwitter.com/freethenipple/status/643211948184596480/en",
                "https://d.fxtwitter.com/freethenipple/status/643211948184596480.mp4",
                "https://vxtwitter.com/i/status/643211948184596480",
                "https://nitter.net/freethenipple/status/643211948184596480#m",
                "https://xcancel.com/freethenipple/status/643211948184596480",
            ),
            Identity("twitter", "643211948184596480"),
        ),
        (
            (
                "https://old.reddit.com/r/videos/comments/6rrwyj/that_small_heart_attack/",
                "https://www.reddit.com/r/videos/comments/6rrwyj/?share_id=a&utm_source=share",
                "https://redd.it/6rrwyj",
                "https://www.reddit.com/gallery/6rrwyj",
                "https://rxddit.com/r/videos/comments/6rrwyj/",
            ),
            Identity("reddit", "6rrwyj"),
        ),
        (
            (
                "https://www.instagram.com/reel/Chunk8-jurw/?igsh=abc==",
                "https://www.ddinstagram.com/reels/Chunk8-jurw/",
                "https://instagram.com/someone/reel/Chunk8-jurw",
                "https://www.instagram.com/p/Chunk8-jurw/?img_index=2",
            ),
            Identity("instagram", "Chunk8-jurw"),
        ),
        (
            (f"magnet:?xt=urn:btih:{INFOHASH}&dn=a", f"MAGNET:?dn=b&xt=urn:btih:{INFOHASH.upper()}"),
            Identity("magnet", INFOHASH),
        ),
        (
            (
                "https://www.site.test/a?b=1",
                "http://site.test/a?b=1&utm_source=x&fbclid=1",
                "https://SITE.test:443/a?b=1",
            ),
            Identity("site.test", "/a?b=1"),
        ),
    ],
)
def test_addresses_of_one_thing_have_one_identity(urls: tuple[str, ...], identity: Identity) -> None:
    assert {detect(url).identity for url in urls} == {identity}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://fosstodon.org/@a/109348529034278543", "https://hachyderm.io/@a/109348529034278543"),
        ("https://a.bandcamp.com/track/intro", "https://b.bandcamp.com/track/intro"),
        ("https://site.test/a", "https://site.test/A"),
        ("https://site.test/a", "https://site.test:8443/a"),
        ("https://site.test/#/a", "https://site.test/#/b"),
        ("https://www.bilibili.com/video/BV1bK411W797?p=1", "https://www.bilibili.com/video/BV1bK411W797?p=2"),
        ("magnet:?dn=a", "magnet:?dn=b"),
    ],
)
def test_different_things_have_different_identities(one: str, other: str) -> None:
    assert detect(one).identity != detect(other).identity


@given(st.text() | st.text().map(lambda text: "https://" + text) | st.text().map("https://www.youtube.com/".__add__))
def test_whatever_the_text_it_is_detected_or_refused(text: str) -> None:
    try:
        detection = detect(text)
    except UnsupportedUrl:
        return
    assert detection.candidates
    if detection.candidates != TORRENT:
        assert detection.url.startswith(("http://", "https://", "ftp://"))
        assert detect(detection.url) == detection


def test_detecting_takes_well_under_a_millisecond() -> None:
    urls = [route.example for route in ROUTES] + ["https://site.test/" + "a/" * 4000 + "b.mp4"]
    began = time.process_time()
    for _ in range(20):
        for url in urls:
            detect(url)
    assert (time.process_time() - began) / (20 * len(urls)) < 0.001
