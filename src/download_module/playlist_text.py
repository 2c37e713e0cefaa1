"""Fetches the text of a playlist, wherever redirects lead, from where it may be fetched."""

from types import TracebackType
from typing import Self

from core.errors import TooLarge
from download_module.bounded_body import read_body
from download_module.egress import Egress
from download_module.extractors.direct_extractor import follow, mapped_http_errors
from download_module.extractors.media_playlist import MAX_TEXT
from download_module.extractors.part_book import Headers
from download_module.way_out import STRAIGHT, WayOut
from download_module.web_client import web_client


class PlaylistText:
    """One client for all looks at a stream; what `LiveRecorder` calls."""

    def __init__(self, egress: Egress, way_out: WayOut = STRAIGHT) -> None:
        self._egress = egress
        self._way_out = way_out

    async def __aenter__(self) -> Self:
        self._client = web_client(self._way_out)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def __call__(self, url: str, headers: Headers) -> tuple[str, str]:
        """The text behind a URL, and the URL after redirects.

        Raises:
            BossBotError: as `follow`.
            TooLarge: more than any playlist has.
        """
        async with mapped_http_errors():
            answer = await follow(self._client, self._egress, url, dict(headers), read=True)
            try:
                body = await read_body(answer, MAX_TEXT, _too_large)
            finally:
                await answer.aclose()
        return body.decode(errors="replace"), str(answer.url)


def _too_large() -> TooLarge:
    return TooLarge("The playlist of this stream is larger than any that can be read.")
