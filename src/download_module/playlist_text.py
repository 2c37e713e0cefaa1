"""Fetches the text of a playlist, wherever redirects lead, from where it may be fetched."""

from types import TracebackType
from typing import Self

import httpx

from core.errors import TooLarge
from download_module.egress import Egress
from download_module.extractors.direct_extractor import TIMEOUT, follow, mapped_http_errors
from download_module.extractors.media_playlist import MAX_TEXT
from download_module.extractors.part_book import Headers


class PlaylistText:
    """One client for all looks at a stream; what `LiveRecorder` calls."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
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
                body = bytearray()
                async for piece in answer.aiter_bytes(2**16):
                    body += piece
                    if len(body) > MAX_TEXT:
                        raise TooLarge("The playlist of this stream is larger than any that can be read.")
            finally:
                await answer.aclose()
        return body.decode(errors="replace"), str(answer.url)
