"""One address for one thing."""

import contextlib
import re
import time

import pytest

from core.errors import UnsupportedUrl
from download_module.canonical import canonical
from download_module.mirrors import MIRRORS, REWRITES, WRAPPERS, Rewrite


@pytest.mark.parametrize("row", MIRRORS + REWRITES, ids=lambda row: row.example)
def test_a_row_turns_its_example_into_its_result(row: Rewrite) -> None:
    assert canonical(row.example).url == row.result
    assert canonical(row.result).url == row.result


@pytest.mark.parametrize("row", MIRRORS, ids=lambda row: row.example)
def test_a_mirror_takes_no_host_that_only_looks_like_its_own(row: Rewrite) -> None:
    host = row.example.partition("://")[2].partition("/")[0]
    for url in (
        f"https://{host}.evil.test/a",
        f"https://not{host.replace('.', '-', 1)}/a",
        f"https://evil.test/{host}",
    ):
        assert canonical(url).url == url


@pytest.mark.parametrize(("pattern", "parameter"), WRAPPERS)
def test_a_redirecting_page_is_unwrapped(pattern: str, parameter: str) -> None:
    page = {
        r"(?:www\.)?google\.[a-z.]{2,6}/url": "www.google.co.uk/url",
        r"out\.reddit\.com/.*": "out.reddit.com/t3_abc",
        r"(?:l|lm)\.facebook\.com/l\.php": "l.facebook.com/l.php",
        r"l\.(?:instagram|threads)\.com/": "l.instagram.com/",
        r"(?:www\.|m\.)?vk\.com/away\.php": "vk.com/away.php",
        r"steamcommunity\.com/linkfilter/?": "steamcommunity.com/linkfilter/",
    }.get(pattern) or re.sub(r"\\", "", pattern)
    if parameter:
        wrapped = f"https://{page}?first=1&{parameter}=https%3A%2F%2Fsite.test%2Fa%3Fb%3D1%26utm_source%3Dx&last=2"
    else:
        wrapped = f"https://{page}?https://site.test/a?b=1&utm_source=x"
    assert canonical(wrapped).url == "https://site.test/a?b=1"


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://site.test/a?utm_source=x&b=1&UTM_Medium=y", "https://site.test/a?b=1"),
        ("https://site.test/a?fbclid=x", "https://site.test/a"),
        ("https://site.test/a?fbclid=x#top", "https://site.test/a#top"),
        ("https://site.test/a#:~:text=words", "https://site.test/a"),
        ("https://site.test/a?si=1&s=2&t=3&ref=4&source=5", "https://site.test/a?si=1&s=2&t=3&ref=4&source=5"),
        ("https://site.test/a?b=%C3%A4+c&&d&e=&utm_id=1", "https://site.test/a?b=%C3%A4+c&&d&e="),
        ("https://site.test/a?utm_source=x&X-Amz-Signature=y", "https://site.test/a?utm_source=x&X-Amz-Signature=y"),
        ("https://site.test/a?gclid=x&sig=y", "https://site.test/a?gclid=x&sig=y"),
        ("https://site.test/a?design=1&gclid=x", "https://site.test/a?design=1"),
        ("https://youtu.be/jNQXAC9IVRw?si=a&t=90", "https://www.youtube.com/watch?v=jNQXAC9IVRw&t=90"),
        ("https://www.youtube.com/watch?v=a&pp=b&list=c&index=2", "https://www.youtube.com/watch?v=a&list=c&index=2"),
        ("https://www.youtube.com/embed/videoseries?list=a", "https://www.youtube.com/embed/videoseries?list=a"),
        ("https://open.spotify.com/track/a?si=b", "https://open.spotify.com/track/a"),
        ("https://x.com/a/status/1?s=20&t=b", "https://x.com/a/status/1"),
        ("https://www.reddit.com/r/a/comments/b/?context=3&rdt=1", "https://www.reddit.com/r/a/comments/b/?context=3"),
        ("https://vimeo.com/1?share=copy&h=secret", "https://vimeo.com/1?h=secret"),
        ("HTTP://WWW.Site.TEST:80/Path?Q=A", "http://www.site.test/Path?Q=A"),
        ("https://site.test./a", "https://site.test/a"),
        ("https://User:Secret@youtu.be/jNQXAC9IVRw?si=a", "https://User:Secret@youtu.be/jNQXAC9IVRw?si=a"),
        ("https://youtu.be:8443/jNQXAC9IVRw", "https://youtu.be:8443/jNQXAC9IVRw"),
        ("https://[2001:DB8::1]:8080/a", "https://[2001:db8::1]:8080/a"),
        ("ftp://Site.test/a?utm_source=b", "ftp://site.test/a?utm_source=b"),
        ("https://site.test/a\nb", "https://site.test/ab"),
        ("https://www.google.com/url?q=javascript:alert(1)", "https://www.google.com/url?q=javascript:alert(1)"),
        ("https://www.google.com/url?q=file:///etc/passwd", "https://www.google.com/url?q=file:///etc/passwd"),
    ],
)
def test_only_what_says_nothing_of_the_thing_goes(url: str, result: str) -> None:
    assert canonical(url).url == result


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://\uff11\uff12\uff17\u30020\u30020\u30021/", "127.0.0.1"),  # full-width digits and dots
        ("http://\u24d4xample.com/", "example.com"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("https://\u0430pple.com/", "xn--pple-43d.com"),  # a Cyrillic letter that looks like the Latin one
        ("https://my_site.example/", "my_site.example"),
        ("https://EXAMPLE.com./", "example.com"),
    ],
)
def test_a_host_is_spelled_as_it_is_looked_up(url: str, host: str) -> None:
    assert canonical(url).host == host


@pytest.mark.parametrize(
    "host",
    ["\u202e4pm.example", "a\x01b.example", "a b.example", "a%00b.example", "a\\b.example", "a`b.example", "x" * 254],
)
def test_what_no_host_is_called_is_refused(host: str) -> None:
    with pytest.raises(UnsupportedUrl):
        canonical(f"https://{host}/x.mp4")


def test_wrappers_in_wrappers_end() -> None:
    url = "https://href.li/?" * 2000 + "https://site.test/"
    assert canonical(url).url.startswith("https://href.li/?https://")


@pytest.mark.parametrize(
    "url",
    [
        "https://site.test/?" + "&" * 200_000,
        "https://site.test/?" + "utm_a=1&" * 25_000,
        "https://" + "a." * 100_000 + "test/",
        "https://www.reddit.com/" + "/comments" * 20_000,
        "https://yewtu.be/watch?" + "v=&" * 60_000,
        "https://www.dropbox.com/s/" + "dl=0?" * 40_000,
        "https://nitter." + "a" * 200_000 + "/",
        "https://www.google.com/url?" + "q=https%3A&" * 20_000,
    ],
)
def test_a_hostile_url_is_read_in_linear_time(url: str) -> None:
    began = time.process_time()
    with contextlib.suppress(UnsupportedUrl):  # hosts that are longer than a name may be
        canonical(url)
    assert time.process_time() - began < 20  # in the square of its length it would take minutes
