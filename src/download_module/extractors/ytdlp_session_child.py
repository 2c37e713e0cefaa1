"""One extraction with yt-dlp: the library with our options, or its program with the same ones."""

import http.cookiejar
import io
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL, parse_options
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.extractor.common import UnsupportedURLIE
from yt_dlp.networking import HEADRequest, Request
from yt_dlp.networking.exceptions import HTTPError, RequestError

from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_options import arguments_of
from download_module.extractors.ytdlp_playlists import is_reference
from download_module.extractors.ytdlp_program import run_program
from download_module.extractors.ytdlp_streams import NotServed

MAX_TEXT = 4 * 1024 * 1024  # bytes of a playlist
SIZE_TIMEOUT = 5.0  # seconds
GENERIC = {"generic": {"impersonate": ["chrome"]}}


class Session:
    """Cookies, headers and proxy of one extraction. Nothing is kept for the next one."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._arguments = arguments_of(
            headers=asked.headers,
            proxy=asked.proxy,
            options=_with_impersonation(asked.options) if asked.impersonates else asked.options,
            subtitles=asked.subtitles is not None,
            deno=asked.deno,
        )
        options = parse_options(self._arguments).ydl_opts | {
            "logger": _Silent(),
            "format": _last,
            "playlist_items": asked.items,
            # A text stream, because yt-dlp writes its cookies back to where it read them.
            "cookiefile": io.StringIO(asked.cookie_jar) if asked.cookie_jar else None,
        }
        self._ydl = YoutubeDL(options, auto_init=False)
        for extractor in gen_extractor_classes():  # `auto_init` compares each name with all others: 50 ms
            if extractor._ENABLED:  # noqa: SLF001 - as yt-dlp does for "default"
                self._ydl.add_info_extractor(extractor)
        self._ydl.add_info_extractor(UnsupportedURLIE())
        if asked.cookie:
            self._take_cookies(asked.cookie)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ydl.close()

    def extract(self, url: str, extractor: str | None = None) -> dict[str, Any] | None:
        """What yt-dlp finds behind a URL; entries of a playlist are not looked at when they are elsewhere.

        Raises:
            YoutubeDLError: what the library raises.
            ProgramFailed: what the program says.
        """
        if self._asked.program:
            return self._run(url)
        return self._clean(self._ydl.extract_info(url, download=False, ie_key=extractor))

    def resolve(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        """The video, or list, that an entry of a playlist stands for; see `extract`."""
        if not is_reference(entry):
            return entry
        if self._asked.program:
            return {**(self._run(entry["url"]) or {}), **({"title": entry["title"]} if entry.get("title") else {})}
        self._ydl.params["extract_flat"] = False
        try:
            return self._clean(self._ydl.process_ie_result(dict(entry), download=False))
        finally:
            self._ydl.params["extract_flat"] = "in_playlist"

    def text(self, url: str, headers: Mapping[str, str]) -> tuple[str, str]:
        """Where a playlist was in the end, and what it says.

        Raises:
            NotServed: there is none, or it is too long.
        """
        try:
            with self._ydl.urlopen(Request(url, headers=dict(headers))) as response:
                body: bytes = response.read(MAX_TEXT + 1)
                final: str = response.url
        except RequestError as error:
            raise _not_served(error) from error
        if len(body) > MAX_TEXT:
            raise NotServed("the playlist is too long")
        return final, body.decode(errors="replace")

    def size(self, url: str, headers: Mapping[str, str]) -> int | None:
        """Bytes of a file, if the server tells.

        Raises:
            NotServed: it refuses the file.
        """
        request = HEADRequest(url, headers={**headers, "Accept-Encoding": "identity"})
        request.extensions["timeout"] = SIZE_TIMEOUT
        try:
            with self._ydl.urlopen(request) as response:
                said = response.headers.get("Content-Length") or ""
        except RequestError as error:
            raise _not_served(error) from error
        return int(said) if said.isdigit() and int(said) else None

    def cookie_header(self, url: str) -> str | None:
        """The cookies that a request for a URL carries."""
        header: str | None = self._ydl.cookiejar.get_cookie_header(url)
        return header

    def _run(self, url: str) -> dict[str, Any] | None:
        jar = self._ydl.cookiejar
        found: dict[str, Any] | None = run_program(
            [*self._arguments, "--format=b*", f"--playlist-items={self._asked.items}"],
            url,
            save=lambda path: jar.save(path, ignore_discard=True, ignore_expires=True),
            load=lambda path: jar.load(path, ignore_discard=True, ignore_expires=True),
        )
        return found

    def _clean(self, info: dict[str, Any] | None) -> dict[str, Any] | None:
        """Plain values: no lazy lists, no classes of yt-dlp."""
        if info is None:
            return None
        for format_ in info.get("formats") or [info]:
            wants = format_.get("impersonate")
            if wants is not None:
                target, _ = self._ydl._parse_impersonate_targets(wants)  # noqa: SLF001 - as its downloaders do
                format_["impersonate"] = str(target).partition(":")[0] if target else None
        cleaned: dict[str, Any] = self._ydl.sanitize_info(info)
        return cleaned

    def _take_cookies(self, header: str) -> None:
        host = urlsplit(self._asked.url).hostname or ""
        for pair in header.split(";"):
            name, found, value = pair.strip().partition("=")
            if found:
                self._ydl.cookiejar.set_cookie(_cookie(host, name, value))


class _Silent:
    def debug(self, message: str) -> None: ...
    def info(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...


def _last(context: dict[str, Any]) -> list[dict[str, Any]]:
    """yt-dlp wants to choose a format; which one is of no account, `ytdlp_choice` looks at all of them."""
    formats: list[dict[str, Any]] = context["formats"]
    return formats[-1:]


def _with_impersonation(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "extractor_args": {**options.get("extractor_args", {}), **GENERIC}}


def _not_served(error: RequestError) -> NotServed:
    return NotServed(str(error), status=error.status if isinstance(error, HTTPError) else None)


def _cookie(host: str, name: str, value: str) -> http.cookiejar.Cookie:
    return http.cookiejar.Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=host,
        domain_specified=False,
        domain_initial_dot=False,
        path="/",
        path_specified=True,
        secure=False,
        expires=None,
        discard=True,
        comment=None,
        comment_url=None,
        rest={},
    )
