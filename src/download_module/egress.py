"""Which addresses may be fetched from: those of the public internet, and those that the admin allowed.

This looks before a fetcher leaps; what a fetcher meets on its own way (a redirect, a name that changes its address) it
does not see.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from core.errors import ForbiddenTarget, SourceUnreachable, UnsupportedUrl
from core.settings import Network

SCHEMES = ("http", "https", "ftp", "udp")  # udp: trackers
DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
# Prefixes whose last 32 bits are an IPv4 address: NAT64 (RFC 6052), IPv4-translated (RFC 2765), IPv4-compatible.
CARRIERS = tuple(IPv6Network(prefix) for prefix in ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96"))

LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215; `is_global` came to know it late


class Egress:
    """Checks targets against the networks that the admin allowed beyond the public internet."""

    def __init__(self, allow: Sequence[Network] = ()) -> None:
        self.allow = tuple(allow)

    async def check(self, url: str) -> None:
        """Return when every address behind the URL's host may be reached.

        Raises:
            UnsupportedUrl: a scheme that is not fetched, or no host.
            ForbiddenTarget: an address that is private, local or otherwise not global.
            SourceUnreachable: the name has no address.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UnsupportedUrl from error
        if parts.scheme not in SCHEMES or not host:
            raise UnsupportedUrl
        for address in await _addresses(host, port or DEFAULT_PORTS.get(parts.scheme, 0)):
            if not self._may_reach(address):
                raise ForbiddenTarget

    def _may_reach(self, address: IPv4Address | IPv6Address) -> bool:
        inner = _carried_by(address) if isinstance(address, IPv6Address) else None
        if inner is not None:
            return self._may_reach(inner)
        if any(address in network for network in self.allow):
            return True
        if isinstance(address, IPv6Address) and (address.is_site_local or address in LOCAL_NAT64):
            return False
        return address.is_global and not address.is_multicast


def _carried_by(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is meant by an IPv6 address."""
    if address.is_loopback or address.is_unspecified:
        return None
    if any(address in prefix for prefix in CARRIERS):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def _addresses(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # ValueError: a name that no host can have
        raise SourceUnreachable(f"The host {host} was not found. Check the link for typing errors.") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
