"""Stage 1: what a URL is for, without looking."""

import re
import time

import pytest

from core.errors import UnsupportedUrl
from core.models import UrlType
from download_module.url_detector import ROUTES, Route, detect

INFOHASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
FILE_OR_PAGE = (UrlType.DIRECT, UrlType.YTDLP)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.example)
def test_a_route_takes_its_own_example(route: Route) -> None:
    assert detect(route.example) == route.candidates


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.example)
def test_a_route_does_not_take_a_host_that_only_looks_like_its_own(route: Route) -> None:
    host = re.sub(r"^https?://([^/]+).*", r"\1", route.example)
    domain = ".".join(host.split(".")[-2:])
    for url in (f"https://{host}.evil.test/watch", f"https://evil.test/{host}/watch", f"https://not{domain}/watch"):
        assert detect(url) == FILE_OR_PAGE


@pytest.mark.parametrize(
    ("url", "candidates"),
    [
        ("http://site.test/a.mp4", FILE_OR_PAGE),
        ("HTTPS://SITE.TEST/A.MP4", FILE_OR_PAGE),
        ("https://site.test/a.mp4?token=1#t=5", FILE_OR_PAGE),
        ("https://site.test/watch?v=1", FILE_OR_PAGE),
        ("https://site.test", FILE_OR_PAGE),
        ("https://site.test:8443/a", FILE_OR_PAGE),
        ("https://[2001:4860:4860::8888]/a", FILE_OR_PAGE),
        ("https://user:secret@site.test/a.jpg", FILE_OR_PAGE),
        ("https://x.com/media/a.jpg", FILE_OR_PAGE),
        ("https://www.youtube.com/bin", (UrlType.YTDLP,)),
        ("https://WWW.YouTube.com/watch?v=1", (UrlType.YTDLP,)),
        ("ftp://site.test/a.mp4", (UrlType.DIRECT,)),
        ("FTP://site.test/pub/", (UrlType.DIRECT,)),
        ("https://site.test/stream.mpd", (UrlType.YTDLP,)),
        ("https://site.test/stream.m3u8?a=.mp4", (UrlType.YTDLP,)),
        (f"magnet:?xt=urn:btih:{INFOHASH}", (UrlType.TORRENT,)),
        (f"MAGNET:?xt=urn:btih:{INFOHASH}&dn=a", (UrlType.TORRENT,)),
        ("https://site.test/linux.iso.torrent", (UrlType.TORRENT,)),
        ("ftp://site.test/linux.TORRENT?key=1", (UrlType.TORRENT,)),
        ("https://site.test/torrent", FILE_OR_PAGE),
        ("https://site.test/?file=a.torrent", FILE_OR_PAGE),
        ("https://site.test/.torrent/about", FILE_OR_PAGE),
    ],
)
def test_a_url_has_its_candidates(url: str, candidates: tuple[UrlType, ...]) -> None:
    assert detect(url) == candidates


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
    ],
)
def test_what_is_no_http_ftp_or_magnet_link_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(UnsupportedUrl, match=r"^This kind of link is not supported"):
        detect(url)


def test_detecting_takes_well_under_a_millisecond() -> None:
    urls = [route.example for route in ROUTES] + ["https://site.test/" + "a/" * 4000 + "b.mp4"]
    began = time.process_time()
    for _ in range(20):
        for url in urls:
            detect(url)
    assert (time.process_time() - began) / (20 * len(urls)) < 0.001
