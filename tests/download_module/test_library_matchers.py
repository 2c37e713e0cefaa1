"""The libraries' own patterns, from real children; and all examples that the libraries carry."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from core.errors import UnsupportedUrl
from core.models import UrlType
from download_module.library_matchers import LibraryPatterns, load_patterns
from download_module.url_detector import PAGE, UrlDetector

CHILD = Path(__file__).with_name("library_examples.py")
# Examples that are not detected as their library's, and why.
EXCEPTIONS = {
    "https://read.powermanga.org/read/MANGA/en/0/123/": "gallery-dl no longer lists this host itself",
    "https://read.powermanga.org/series/MANGA/": "gallery-dl no longer lists this host itself",
    "https://xbunkr.com/a/ID": "gallery-dl no longer lists this host itself",
    "https://en.wikipedia.org/static/images/project-logos/enwiki.png": "any file by its ending: the direct extractor's",
    "https://www.youtube.com/watch?": "no video is named; yt-dlp has a pattern only to say so",
    "https://www.youtube.com/watch?feature=foo": "no video is named; yt-dlp has a pattern only to say so",
}
# Extractors of yt-dlp with a pattern that a hostile URL could keep busy for ever: yt-dlp is asked as of any page.
LEFT_OUT = ("CiscoWebex", "GameJoltGameSoundtrack", "GameJoltSearch", "ShugiinItvVod", "TV2", "TVPStream")
TOO_LONG = 2048  # characters


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("patterns")


@pytest.fixture(scope="module")
def patterns(cache_dir: Path) -> LibraryPatterns:
    loaded = asyncio.run(load_patterns(cache_dir))
    assert loaded is not None
    return loaded


def ask_libraries(pairs: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    asked = json.dumps(pairs).encode()
    child = subprocess.run([sys.executable, CHILD], input=asked, capture_output=True, check=True, timeout=100)
    answer: dict[str, Any] = json.loads(child.stdout)
    return answer


def test_every_example_of_the_libraries_is_detected_as_theirs(patterns: LibraryPatterns) -> None:
    detector = UrlDetector(patterns)
    wrong, handed_on, checked = [], [], 0
    for library, name, url in ask_libraries()["examples"]:
        if not url.startswith(("http://", "https://")):
            with pytest.raises(UnsupportedUrl):  # prefixes and searches of the libraries are nobody's
                detector.detect(url)
            continue
        checked += 1
        if url in EXCEPTIONS or len(url) > TOO_LONG:
            continue
        if name in LEFT_OUT:
            name = ""
        detection = detector.detect(url)
        pages = [candidate for candidate in detection.candidates if candidate is not UrlType.DIRECT]
        owners = patterns.owners(detection.url)
        known_to_one = name and owners == (library,)
        if library not in pages[:2] or (name and library not in owners) or (known_to_one and pages[0] != library):
            wrong.append((url, detection))
        elif name and detection.url != url:
            handed_on.append((library, detection.url))
    assert wrong == []
    assert checked > 6000
    assert handed_on
    known = ask_libraries(handed_on)["known"]
    assert [pair for pair, is_known in zip(handed_on, known, strict=True) if not is_known] == []


def test_the_exceptions_are_few() -> None:
    assert len(EXCEPTIONS) + len(LEFT_OUT) < 15


@pytest.mark.parametrize(
    ("url", "owners"),
    [
        ("https://www.ted.com/talks/candace_parker_how_to_break_down_barriers", (UrlType.YTDLP,)),
        ("https://danbooru.donmai.us/posts/12345", (UrlType.GALLERYDL,)),
        ("https://boosty.to/kuplinov/posts/e55d050c-e3bb-4873-a7db-ac7a49b40c38", (UrlType.GALLERYDL, UrlType.YTDLP)),
        ("https://www.newgrounds.com/audio/listen/549479", (UrlType.YTDLP, UrlType.GALLERYDL)),
        ("https://site.test/watch", ()),
        ("https://site.test/a.jpg", ()),  # any file by its ending is nobody's page
        ("https://www.disneyplus.com/play/a", ()),  # known to yt-dlp only to be refused
        ("https://www.ted.com.evil.test/talks/a", ()),
        ("https://www.ted.com/talks/" + "a" * TOO_LONG, ()),
        ("ytsearch:cats", ()),
        ("ytdl:https://site.test/", ()),
        ("generic:https://site.test/", ()),
        ("recursive:https://site.test/", ()),
        ("oauth:reddit", ()),
    ],
)
def test_a_page_belongs_to_the_libraries_that_know_it(
    patterns: LibraryPatterns, url: str, owners: tuple[UrlType, ...]
) -> None:
    if url.startswith("http"):
        assert patterns.owners(url) == owners
    else:
        with pytest.raises(UnsupportedUrl):
            UrlDetector(patterns).detect(url)


async def test_patterns_are_read_from_the_file_of_an_earlier_start(patterns: LibraryPatterns, cache_dir: Path) -> None:
    names = sorted(path.name for path in cache_dir.iterdir())
    versions = [f"{name}-{version(name)}-" for name in ("gallery-dl", "yt-dlp")]
    assert [name.startswith(begin) for name, begin in zip(names, versions, strict=True)] == [True, True]
    again = await load_patterns(cache_dir, memory_bytes=1)  # no child could start
    assert again is not None
    assert again.owners("https://danbooru.donmai.us/posts/12345") == (UrlType.GALLERYDL,)


async def test_a_damaged_file_is_made_anew(patterns: LibraryPatterns, cache_dir: Path, tmp_path: Path) -> None:
    for path in cache_dir.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = next(tmp_path.glob("gallery-dl-*"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:1000])
    assert await load_patterns(tmp_path) is not None
    assert damaged.read_bytes() == whole


async def test_hosts_of_the_admin_are_known_to_gallery_dl_also_where_nothing_can_be_kept(
    patterns: LibraryPatterns, tmp_path: Path
) -> None:
    url = "https://my.example/@someone/109348529034278543"
    assert patterns.owners(url) == ()
    (tmp_path / "file").touch()
    instances = {"mastodon": {"mine": {"root": "https://my.example"}}}
    more = await load_patterns(tmp_path / "file" / "cache", instances=instances)
    assert more is not None
    assert more.owners(url) == (UrlType.GALLERYDL,)


async def test_without_the_libraries_there_are_no_patterns_and_pages_are_still_detected(tmp_path: Path) -> None:
    none = await load_patterns(tmp_path / "cache", memory_bytes=32 * 1024 * 1024)  # too little for an import
    assert none is None
    detector = UrlDetector(none)
    assert detector.detect("https://vimeo.com/76979871").candidates == (UrlType.YTDLP, UrlType.PLAYWRIGHT)
    unknown = detector.detect("https://danbooru.donmai.us/posts/12345").candidates
    assert set(unknown) == {*PAGE, UrlType.GALLERYDL}
