"""From what a child says to what is fetched: nothing of it is trusted."""

import pytest

from download_module.extractors.gallerydl_answer import File
from download_module.extractors.gallerydl_config import Request
from download_module.extractors.gallerydl_harvest import MAX_LINKS, Enough, Harvest
from download_module.extractors.gallerydl_plan import named_after, output_of
from download_module.plan import Kind, Output, Part


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://site.test/a.jpg",
        "javascript:alert(1)",
        "//site.test/a.jpg",
        "https://site.test/a b.jpg",
        "https://site.test/a.jpg\r\nX: y",
        "https://site.test/a.jpg\x00",
        "text:x",
    ],
)
def test_an_address_that_is_none_gives_nothing(url: str) -> None:
    assert output_of(File(url=url, name="a.jpg")) is None


def test_headers_that_would_break_a_request_are_left_out() -> None:
    headers = {
        "User-Agent": "Cat/1.0",
        "Referer": "https://site.test/",
        "Accept-Encoding": "gzip",
        "Host": "other.test",
        "Range": "bytes=0-",
        "Cookie": "from=session",
        "X-Evil": "a\r\nX: y",
        "X Evil": "a",
        "X-Umlaut": "\u00fc",
        "": "a",
    }
    output = output_of(File(url="https://site.test/a.jpg", headers=headers, cookie="a=b"))
    assert output is not None
    assert output.parts[0].headers == (
        ("User-Agent", "Cat/1.0"),
        ("Referer", "https://site.test/"),
        ("Cookie", "a=b"),
    )


@pytest.mark.parametrize(
    ("name", "cleaned", "kind"),
    [
        ("a.jpg", "a.jpg", Kind.IMAGE),
        ("a.webm", "a.webm", Kind.VIDEO),
        ("a.mp3", "a.mp3", Kind.AUDIO),
        ("a.zip", "a.zip", Kind.DOCUMENT),
        ("a.", "a", Kind.DOCUMENT),
        ("", "file", Kind.DOCUMENT),
        ("../a/b.jpg", "_a_b.jpg", Kind.IMAGE),
    ],
)
def test_a_file_has_a_harmless_name_and_a_kind(name: str, cleaned: str, kind: Kind) -> None:
    output = output_of(File(url="https://site.test/x", name=name))
    assert output is not None
    assert (output.filename, output.kind) == (cleaned, kind)


def test_fallbacks_are_kept_in_order_where_they_are_addresses() -> None:
    urls = ["https://site.test/large.jpg", "ytdl:https://site.test/", "https://site.test/small.jpg"]
    output = output_of(File(url="https://site.test/orig.jpg", fallbacks=urls))
    assert output is not None
    assert output.parts[0].fallbacks == (urls[0], urls[2])


def test_a_video_of_the_other_extractor_is_named_as_its_post_names_it() -> None:
    output = Output(filename="DASHPlaylist.mkv", kind=Kind.VIDEO, parts=(Part(uris=("https://site.test/v",)),))
    assert named_after(output, File(url="x", name="abc My cat: a film.mp4")).filename == "abc My cat_ a film.mkv"
    assert named_after(output, File(url="x")).filename == "DASHPlaylist.mkv"


def asked(items: list[tuple[int, int | None]], *, most: int = 100, seconds: float = 60.0) -> Harvest:
    return Harvest(
        Request(
            url="https://site.test/",
            instance=None,
            items=items,
            max_items=most,
            seconds=seconds,
            asked={},
            site={},
            admin={},
            cookies=None,
            proxy=None,
        )
    )


def gathered(harvest: Harvest, count: int) -> list[str]:
    """The URLs that are kept of so many files."""
    try:
        for number in range(1, count + 1):
            harvest.look()
            if harvest.wants_next():
                harvest.add({"url": str(number)})
            harvest.end_after_ranges()
    except Enough:
        pass
    return [str(file["url"]) for file in harvest.files]


@pytest.mark.parametrize(
    ("items", "kept", "seen"),
    [
        ([], "1 2 3 4 5 6 7", 7),
        ([(2, 3)], "2 3", 3),
        ([(2, 2), (5, None)], "2 5 6 7", 7),
        ([(5, 6), (1, 1)], "1 5 6", 6),
        ([(9, None)], "", 7),
    ],
)
def test_gathering_ends_with_the_last_file_that_is_wanted(
    items: list[tuple[int, int | None]], kept: str, seen: int
) -> None:
    harvest = asked(items)
    assert gathered(harvest, 7) == kept.split()
    assert harvest.seen == seen
    assert not harvest.cut


def test_gathering_ends_with_the_number_or_the_time_that_is_allowed() -> None:
    few = asked([], most=3)
    assert gathered(few, 7) == ["1", "2", "3"]
    assert few.cut
    late = asked([], seconds=-1.0)
    assert gathered(late, 7) == ["1"]  # what there is counts
    assert late.cut


def test_pages_are_visited_once_and_links_are_few() -> None:
    harvest = asked([], most=3)
    assert not harvest.may_visit("https://site.test/")
    assert harvest.may_visit("https://site.test/1")
    assert not harvest.may_visit("https://site.test/1")
    assert sum(harvest.may_visit(f"https://site.test/{n}") for n in range(1000)) < 50
    assert sum(harvest.may_link() for _ in range(1000)) == MAX_LINKS


def test_a_picture_at_the_same_address_is_the_same() -> None:
    first, other = (output_of(File(url=f"https://site.test/{name}.jpg", name="a.jpg")) for name in "ab")
    again = output_of(File(url="https://site.test/a.jpg", name="a.jpg", cookie="another=session"))
    assert first is not None
    assert other is not None
    assert again is not None
    assert first.parts[0].identity == again.parts[0].identity != other.parts[0].identity
