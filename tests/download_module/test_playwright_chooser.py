"""Which of a page's media is the main one."""

import pytest

from download_module.extractors.playwright_chooser import Choice, Element, choose, only_segments
from download_module.extractors.playwright_media import Form, Manifest, Seen

SCREEN = 1280.0 * 720
BIG = 640.0 * 360
SMALL = 120.0 * 90
SITE = "https://site.test"


def seen(name: str, form: Form = Form.FILE, *, frame: int = 1, asked: str | None = None, **more: object) -> Seen:
    url = f"{SITE}/{name}"
    return Seen(url=url, asked=asked or url, form=form, frame=frame, **{"mime": "video/mp4", **more})  # type: ignore[arg-type]  # fields by name


def playlist(name: str, *refers: str, seconds: float | None = None, frame: int = 1) -> Seen:
    manifest = Manifest(
        master=seconds is None, seconds=seconds, refers=frozenset(f"{SITE}/{refer}" for refer in refers)
    )
    return seen(name, Form.HLS, frame=frame, manifest=manifest)


def element(
    name: str = "", *, frame: int = 1, area: float = BIG, seconds: float | None = 60.0, **more: object
) -> Element:
    src = f"{SITE}/{name}" if name else "blob:x"
    return Element.model_validate({"src": src, "frame": frame, "area": area, "seconds": seconds, **more})


def chosen(found: list[Seen], elements: list[Element], ads: tuple[str, ...] = ()) -> Choice | None:
    return choose(found, elements, SCREEN, frozenset(f"{SITE}/{ad}" for ad in ads))


CASES: list[tuple[str, list[Seen], list[Element], list[str], bool]] = [
    ("nothing", [], [], [], False),
    ("an element of which nothing came", [seen("other.mp4", size=1)], [element("main.mp4")], ["other.mp4"], False),
    ("the file of an element", [seen("a.mp4")], [element("a.mp4")], ["a.mp4"], True),
    ("what calls itself text and plays", [seen("a", mime="text/plain")], [element("a")], ["a"], True),
    ("what does not play", [seen("a", mime="text/plain")], [element("a", seconds=None)], [], False),
    ("a file behind a redirect", [seen("b.mp4", asked=f"{SITE}/a.mp4")], [element("a.mp4")], ["b.mp4"], True),
    (
        "the larger one",
        [seen("a.mp4"), seen("b.mp4")],
        [element("a.mp4", area=SMALL), element("b.mp4")],
        ["b.mp4"],
        True,
    ),
    (
        "the longer one",
        [seen("a.mp4"), seen("b.mp4")],
        [element("a.mp4", seconds=15), element("b.mp4", seconds=600)],
        ["b.mp4"],
        True,
    ),
    (
        "the one that can be seen",
        [seen("a.mp4"), seen("b.mp4")],
        [element("a.mp4", area=0, seconds=6000), element("b.mp4")],
        ["b.mp4"],
        True,
    ),
    (
        "not a silent loop, although it is larger",
        [seen("a.mp4"), seen("b.mp4")],
        [element("a.mp4", area=SCREEN, seconds=10, loop=True, muted=True), element("b.mp4", seconds=90)],
        ["b.mp4"],
        True,
    ),
    (
        "a silent loop when there is nothing else",
        [seen("a.mp4")],
        [element("a.mp4", loop=True, muted=True)],
        ["a.mp4"],
        False,
    ),
    ("a hidden one when there is nothing else", [seen("a.mp4")], [element("a.mp4", area=0)], ["a.mp4"], False),
    ("one whose length is not known yet", [seen("a.mp4")], [element("a.mp4", seconds=None)], ["a.mp4"], False),
    ("sound without a picture", [seen("a.mp3")], [element("a.mp3", area=0, audio=True)], ["a.mp3"], True),
    (
        "the master, not its rendition and not their segments",
        [playlist("master", "low"), playlist("low", "1.ts", seconds=60), seen("1.ts", Form.PIECE)],
        [element()],
        ["master"],
        True,
    ),
    (
        "the stream that is as long as what plays",
        [
            playlist("ad", "ad-low"),
            playlist("ad-low", seconds=15),
            playlist("m", "m-low"),
            playlist("m-low", seconds=61),
        ],
        [element(seconds=60)],
        ["m"],
        True,
    ),
    (
        "the stream of the element's own frame",
        [playlist("a", seconds=60, frame=1), playlist("b", seconds=60, frame=2)],
        [element(frame=2)],
        ["b"],
        True,
    ),
    ("a stream that plays without a script", [playlist("a", seconds=60)], [element("a")], ["a"], True),
    ("a stream whose list could not be read", [seen("a.m3u8", Form.HLS)], [element()], ["a.m3u8"], True),
    ("a live stream", [playlist("a", seconds=12)], [element(seconds=1e9)], ["a"], True),
    ("the longest stream without an element", [playlist("a", seconds=5), playlist("b", seconds=50)], [], ["b"], False),
    ("the largest file without an element", [seen("a", size=5), seen("b", size=50), seen("c")], [], ["b"], False),
    ("a file that a script read whole", [seen("a", Form.PIECE)], [element()], ["a"], True),
    ("no segments without a list", [seen("1", Form.PIECE), seen("2", Form.PIECE)], [element()], [], False),
    (
        "the largest video and sound that a script reads by their ranges",
        [
            seen("low", Form.PIECE, mime="video/mp4", size=10, ranged=True),
            seen("high", Form.PIECE, mime="video/mp4", size=90, ranged=True),
            seen("sound", Form.PIECE, mime="audio/mp4", size=5, ranged=True),
        ],
        [element()],
        ["high", "sound"],
        True,
    ),
]


@pytest.mark.parametrize(
    ("found", "elements", "names", "sure"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_main_media_is_chosen(found: list[Seen], elements: list[Element], names: list[str], sure: bool) -> None:
    choice = chosen(found, elements)
    assert [url.rpartition("/")[2] for url in (choice.urls if choice else ())] == names
    assert bool(choice and choice.sure) is sure


def test_what_an_ad_server_named_is_never_chosen() -> None:
    found, elements = [seen("ad.mp4", size=9)], [element("ad.mp4")]
    assert chosen(found, elements) is not None
    assert chosen(found, elements, ads=("ad.mp4",)) is None


def test_the_length_is_that_of_the_element_or_of_the_list() -> None:
    for elements, seconds in (([element(seconds=59)], 59), ([element(seconds=1e9)], 60), ([], 60)):
        choice = chosen([playlist("a", seconds=60)], elements)
        assert choice is not None
        assert choice.seconds == seconds


def test_only_segments_means_neither_a_list_nor_a_file() -> None:
    pieces = [seen("1", Form.PIECE), seen("2", Form.PIECE)]
    assert only_segments(pieces)
    assert not only_segments([])
    assert not only_segments([*pieces, seen("a.mp4")])
