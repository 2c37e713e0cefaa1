"""The URLs in a message."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from download_module.link_finder import find_urls

MAGNET = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=a"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("", []),
        ("no link, http:// nor https://. here", []),
        ("https://x.com/a", ["https://x.com/a"]),
        ("look: https://x.com/a!", ["https://x.com/a"]),
        ("HTTPS://X.com/A", ["HTTPS://X.com/A"]),
        ("<https://x.com/a>", ["https://x.com/a"]),
        ("<https://x.com/a> <https://x.com/b>", ["https://x.com/a", "https://x.com/b"]),
        ("[a cat](https://x.com/a) and more", ["https://x.com/a"]),
        ("[a cat](<https://x.com/a>)", ["https://x.com/a"]),
        ('[a cat](https://x.com/a "title")', ["https://x.com/a"]),
        ("[https://a.test/x](https://b.test/y).", ["https://a.test/x", "https://b.test/y"]),
        ("[w](https://en.wikipedia.org/wiki/A_(b)), c", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("[w](https://x.com/a),[v](https://x.com/b)", ["https://x.com/a", "https://x.com/b"]),
        ("||https://x.com/a||", ["https://x.com/a"]),
        ("||https://x.com/a||||https://x.com/b||", ["https://x.com/a", "https://x.com/b"]),
        ("**https://x.com/a** ~~https://x.com/b~~ *https://x.com/c*", [f"https://x.com/{c}" for c in "abc"]),
        ("_https://x.com/a_ __https://x.com/b__", ["https://x.com/a", "https://x.com/b"]),
        ("https://youtu.be/abcdefghij_", ["https://youtu.be/abcdefghij_"]),
        ("https://x.com/a, https://x.com/b. https://x.com/c?", [f"https://x.com/{c}" for c in "abc"]),
        ("https://x.com/a,https://x.com/b;https://x.com/c", [f"https://x.com/{c}" for c in "abc"]),
        ("https://x.com/a\nhttps://x.com/b\thttps://x.com/a", ["https://x.com/a", "https://x.com/b"]),
        ("see https://en.wikipedia.org/wiki/A_(b).", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(see https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(https://x.com/a)text)", ["https://x.com/a"]),
        ("https://x.com/?b[]=1&c={d}", ["https://x.com/?b[]=1&c={d}"]),
        ('{"url":"https://x.com/a"}', ["https://x.com/a"]),
        ("`https://x.com/a` ```\nhttps://x.com/b\n```", ["https://x.com/a", "https://x.com/b"]),
        (f"`{MAGNET}`", [MAGNET]),
        (f"{MAGNET} https://x.com/a", [MAGNET, "https://x.com/a"]),
        ("magnet:?dn=nothing", []),
        ("https://x.com/a\uff0c然后", ["https://x.com/a"]),
        ("看https://x.com/猫。好", ["https://x.com/猫"]),
        ("https://web.archive.org/web/2020/https://x.com/a", ["https://web.archive.org/web/2020/https://x.com/a"]),
        ("https://user:pass@[::1]:80/a http://[bad/", ["https://user:pass@[::1]:80/a"]),
        ("ftp://x.com/a file:///etc/passwd", []),
        ("http\u017f://x.com/a", []),
    ],
)
def test_urls_are_found(text: str, urls: list[str]) -> None:
    assert find_urls(text) == urls


MARKS = "/()[]{}|<>`_* ,;\n@:\u017f\ud7ff。"
PIECES = st.sampled_from(["https://", "HTTP://", "magnet:?", "xt=urn:btih:a", "x.com", "](", "||", *MARKS])


@given(st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join))
def test_whatever_the_text_only_urls_in_it_are_found_once(text: str) -> None:
    urls = find_urls(text)
    assert len(urls) == len(set(urls))
    for url in urls:
        assert url in text
        assert url.lower().startswith(("http://", "https://", "magnet:?"))
        assert find_urls(url) == [url]


@pytest.mark.parametrize(
    "piece", ["https://", "(https://x ", "https://x,", "https://x/](", ",", ")", "(", "|", "](", "h", "_", "https:/"]
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = "(_https://x/" + piece * (length // len(piece))
        began = time.process_time()
        find_urls(text)
        return time.process_time() - began

    seconds(1000)
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.005)
