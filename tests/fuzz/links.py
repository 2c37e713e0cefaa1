"""What members type and what servers say in a line: links, names, options, heads."""

import contextlib
import json
import re
from urllib.parse import urlsplit

import httpx

from core.clips import parse_clip
from core.errors import MediaNotFound, RequestRefused, UnsupportedUrl
from core.options import checked_options, parse_options
from core.requests import MAX_URL_LENGTH, checked_url
from download_module.egress import Egress
from download_module.extractors import direct_extractor as direct
from download_module.extractors.base_extractor import ANYTHING
from download_module.extractors.sniffing import HEAD, head_says, is_program, sniffed
from download_module.extractors.torrent_extractor import TorrentExtractor
from download_module.names import clean_name, kind_of, name_from_url, with_extension
from download_module.url_detector import UrlDetector
from tests.fuzz.what_holds import CONTROLS, are_on_the_web, at_once, is_a_safe_name, is_a_sound_output
from upload_module.display_names import display_name

SCHEMES = ("http://", "https://", "ftp://", "magnet:?")
DETECTOR = UrlDetector()


class Anywhere(Egress):
    """Lets everything through, without a look at the network."""

    async def check(self, url: str) -> None:
        """Say nothing."""


def text_of(data: bytes) -> str:
    """Any text, lone surrogates included."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def links(data: bytes) -> None:
    """A link from a member, up to what extractors get."""
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        return
    with contextlib.suppress(RequestRefused):
        url = checked_url(text)
        assert checked_url(url) == url
        assert len(url) <= MAX_URL_LENGTH
        assert not re.search(r"[\s\u202a-\u202e\u2066-\u2069\ud800-\udfff]", url)
        assert not CONTROLS.search(url)
    with contextlib.suppress(UnsupportedUrl):
        found = DETECTOR.detect(text.strip())
        assert found.candidates
        assert found.identity.site
        assert found.url.lower().startswith(SCHEMES)
        if not found.url.lower().startswith("magnet:"):
            are_on_the_web([found.url], SCHEMES)
            again = DETECTOR.detect(found.url)
            assert again.url.partition("://")[0] in ("http", "https", "ftp")
            assert (urlsplit(found.url).hostname or "").isascii()


def magnets(data: bytes) -> None:
    """A magnet link."""
    extractor = TorrentExtractor(Anywhere([]))
    try:
        plan = at_once(extractor.extract("magnet:?" + text_of(data), ANYTHING))
    except (MediaNotFound, UnicodeDecodeError):
        return
    (output,) = plan.outputs
    is_a_sound_output(output, ("magnet:?xt=urn:btih:",))
    (uri,) = output.parts[0].uris
    assert not re.search(r"[?&](ws|as|xs|x\.pe|so)=", uri)


def names(data: bytes) -> None:
    """A name from anywhere."""
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        return
    name = clean_name(text)
    is_a_safe_name(name)
    assert clean_name(name) == name
    shown = display_name(text)
    assert "/" not in shown
    assert "\0" not in shown
    assert 0 < len(shown.encode()) <= 255
    is_a_safe_name(with_extension(name, "video/mp4"))
    kind_of(None, name)
    with contextlib.suppress(ValueError):  # what is no URL is refused before
        is_a_safe_name(name_from_url("https://a.example/" + text))


def heads(data: bytes) -> None:
    """The head of an answer, and the first bytes of its body."""
    value = data[:2000].replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
    fields = [b"Content-Disposition", b"Content-Type", b"Content-Range", b"Content-Length", b"ETag", b"Retry-After"]
    for status in (200, 206):
        answer = httpx.Response(status, headers=[(field, value) for field in fields])
        name = direct._disposition_name(answer)
        if name is not None:
            is_a_safe_name(name)
        size = direct._size(answer)
        assert size is None or 0 <= size < 10**18
        identity = direct._identity(answer, size)
        assert identity is None or not CONTROLS.search(identity)
        direct._mime_type(answer)
        wait = direct._seconds(answer.headers["Retry-After"])
        assert wait is None or wait >= 0
    head_says(data[:HEAD])
    sniffed(data[:HEAD])
    is_program(data[:HEAD])


def options(data: bytes) -> None:
    """The column `options` as a hand wrote it, and a clip."""
    text = data.decode(errors="replace")
    with contextlib.suppress(RequestRefused):
        clip = parse_clip(text)
        assert clip.start is None or clip.start >= 0
        assert clip.end is None or clip.end > (clip.start or 0)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(values, dict):
        return
    with contextlib.suppress(RequestRefused):
        known = parse_options(values)
        assert all(0 < first <= (last or first) for first, last in known.ranges)
        assert known.stretch is None or known.stretch.end is None or known.stretch.end > 0
        assert known.max_height is None or known.max_height > 0
        known.takes(1)
    with contextlib.suppress(RequestRefused):
        written = checked_options(values)
        assert checked_options(written) == written
        json.dumps(written)
