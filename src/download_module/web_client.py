"""The HTTP client of this process: through the guard alone, whatever the environment says."""

import ssl
from functools import cache

import httpx

from download_module.way_out import WayOut

TIMEOUT = httpx.Timeout(20.0, connect=10.0)


def web_client(way_out: WayOut, timeout: httpx.Timeout | float | None = None) -> httpx.AsyncClient:
    """A client for one download; without a timeout it has that of this module."""
    timeout = TIMEOUT if timeout is None else timeout
    proxy = way_out.url("probe")
    if proxy is None:
        return httpx.AsyncClient(timeout=timeout, trust_env=False, verify=_trust())
    transport = _Bracketing(proxy=proxy, trust_env=False, verify=_trust())
    return httpx.AsyncClient(timeout=timeout, trust_env=False, transport=transport)


@cache
def _trust() -> ssl.SSLContext:
    """Whom to believe, read once: it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


class _Bracketing(httpx.AsyncHTTPTransport):
    """Writes the brackets of an IPv6 address, which httpcore leaves out when it asks a proxy for one.

    Not for https, whose certificate would be asked for the name with them.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if ":" in request.url.host and request.url.scheme == "http":
            request.url = _BracketedUrl(request.url)
        return await super().handle_async_request(request)


class _BracketedUrl(httpx.URL):
    @property
    def raw_host(self) -> bytes:
        return b"[%b]" % super().raw_host
