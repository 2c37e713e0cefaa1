"""Proxies of the admin's behind the guard: HTTP (CONNECT), with TLS or without, SOCKS4 and SOCKS5."""

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from python_socks.async_.asyncio.v2 import Proxy

SCHEMES = ("http", "https", "socks4", "socks5")
_MEANT = {"socks4a": "socks4", "socks5h": "socks5"}  # who looks the name up is the guard's business
CHUNK = 65536


def checked_upstream(url: str) -> str:
    """The URL of an upstream proxy as `connect_through` takes it.

    Raises:
        ValueError: it is none; the text holds nothing of the URL, which may have a password.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(url.strip())
        scheme = _MEANT.get(parts.scheme, parts.scheme)
        if scheme in SCHEMES and parts.hostname and parts.port:
            return urlunsplit((scheme, parts.netloc, "", "", ""))
    raise ValueError("an upstream proxy is http://host:port or socks5://host:port, with user:password@ if it wants it")


async def connect_through(upstream: str, host: str, port: int) -> socket.socket:
    """A connection to a host through a proxy.

    Raises:
        OSError: the proxy, or the host behind it, could not be reached.
    """
    # Only where an upstream is set: the guard's process has little memory without it.
    from python_socks import ProxyError, ProxyTimeoutError
    from python_socks.async_.asyncio import Proxy
    from python_socks.async_.asyncio.v2 import Proxy as TlsProxy

    try:
        if upstream.startswith("https:"):
            trust = ssl.create_default_context()
            plain = upstream.replace("https", "http", 1)
            return await _bridged(TlsProxy.from_url(plain, rdns=True, proxy_ssl=trust), host, port)
        connected: socket.socket = await Proxy.from_url(upstream, rdns=True).connect(host, port)
    except (ProxyTimeoutError, ProxyError) as error:
        raise OSError("the upstream proxy refused, or does not answer") from error
    except (ValueError, ssl.SSLError) as error:  # no proxy of this number is known; its certificate is wrong
        raise OSError("there is no such upstream proxy") from error
    connected.setblocking(False)
    return connected


async def _bridged(proxy: "Proxy", host: str, port: int) -> socket.socket:
    """One end of a pair whose other end is joined to a connection with TLS, which no kernel relays for us."""
    stream = await proxy.connect(host, port)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=theirs)

    async def there() -> None:
        while chunk := await reader.read(CHUNK):
            await stream.write(chunk)

    async def back() -> None:
        while chunk := await stream.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()

    async def both() -> None:
        ways = [asyncio.create_task(there()), asyncio.create_task(back())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        await stream.close()

    bridge = asyncio.create_task(both(), name="bridge to a proxy with TLS")
    _bridges.add(bridge)
    bridge.add_done_callback(_bridges.discard)
    return ours


_bridges: set[asyncio.Task[None]] = set()  # a task that nobody holds may be collected
