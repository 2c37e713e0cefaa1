"""A look before a fetcher leaps, so that the member hears at once that an address is not allowed.

What a fetcher meets on its own way (a redirect, a name that changes its address) only the guard sees.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.errors import ForbiddenTarget, SourceUnreachable, UnsupportedUrl
from core.host_list import Address, HostList, Network
from download_module.egress.rules import Rules

SCHEMES = ("http", "https", "ftp", "udp")  # udp: trackers
DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21, "udp": 80}


class Egress:
    """Checks targets against what the admin allowed beyond the public internet, and denied of it."""

    def __init__(
        self,
        allow: HostList | Iterable[Network] = (),
        deny: HostList | Iterable[Network] = (),
        *,
        proxied: bool = False,
    ) -> None:
        """Make it.

        Args:
            allow: what may be reached although it is private.
            deny: what may not be reached although it is public.
            proxied: names are not looked up here, because an upstream proxy may know more of them.
        """
        self.allow = allow if isinstance(allow, HostList) else HostList(tuple(allow))
        self.deny = deny if isinstance(deny, HostList) else HostList(tuple(deny))
        self._rules = Rules(self.allow, self.deny)
        self._proxied = proxied

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
        port = DEFAULT_PORTS[parts.scheme] if port is None else port
        if self._rules.refuse_name(host, port):
            raise ForbiddenTarget
        if self._proxied and self.allow.has_name(host):
            return
        if self._rules.refuse(host, await _addresses(host, port)):
            raise ForbiddenTarget


async def _addresses(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # ValueError: a name that no host can have
        raise SourceUnreachable(f"The host {host} was not found. Check the link for typing errors.") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
