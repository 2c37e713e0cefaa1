"""From a host and a port to a connection: looked up once, every address checked, a checked one dialled."""

import socket
from collections.abc import Sequence
from typing import Protocol

import aiohappyeyeballs

from download_module.egress.resolver import AddrInfo, address_of
from download_module.egress.rules import Refusal, Rules
from download_module.egress.upstreams import connect_through

_NOBODY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # documentation's addresses
# Bytes that a server may be ahead of the client, who may break off: aria2.conf has the same for going straight.
SERVER_BUFFER = 128 * 1024
STAGGER = 0.25  # seconds until the next address is tried beside the first (RFC 8305)


class Finds(Protocol):
    """A resolver."""

    async def find(self, host: str, port: int) -> Sequence[AddrInfo]:
        """The addresses of a host; OSError: it has none."""
        ...


class RefusedError(Exception):
    """The target may not be reached."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class Dialler:
    """Opens connections to what the rules let through."""

    def __init__(self, rules: Rules, resolver: Finds) -> None:
        self._rules = rules
        self._resolver = resolver

    async def dial(self, host: str, port: int, *, upstream: str | None = None) -> socket.socket:
        """A connection to a host, by way of an upstream proxy when there is one.

        Raises:
            RefusedError: the rules forbid it. Nothing was sent to it.
            OSError: it could not be found or reached.
        """
        if refusal := self._rules.refuse_name(host, port):
            raise RefusedError(refusal)
        if upstream is None:
            found = await self._checked(host, port)
            if any(is_own(entry) and not self._rules.allows(host, address_of(entry)) for entry in found):
                raise RefusedError(Refusal.ADDRESS)
            dialled = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=STAGGER, interleave=1)
        else:
            dialled = await connect_through(upstream, await self._name_for_upstream(host, port), port)
        if dialled.family in (socket.AF_INET, socket.AF_INET6):
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SERVER_BUFFER)
        return dialled

    async def _checked(self, host: str, port: int) -> Sequence[AddrInfo]:
        found = await self._resolver.find(host, port)
        if refusal := self._rules.refuse(host, [address_of(entry) for entry in found]):
            raise RefusedError(refusal)
        return found

    async def _name_for_upstream(self, host: str, port: int) -> str:
        """A checked address; for a name that only the upstream may know, and that the admin allowed, the name."""
        try:
            found = await self._checked(host, port)
            first = min(found, key=lambda entry: entry[0] != socket.AF_INET)  # not every proxy speaks IPv6
            return str(first[4][0])
        except OSError:
            if self._rules.allow.has_name(host):
                return host
            raise


def is_own(entry: AddrInfo) -> bool:
    """Whether an address is one of this machine, where services may listen that no firewall keeps from us."""
    family, _, _, _, address = entry
    # Where even an address of nobody can be bound (net.ipv4.ip_nonlocal_bind), it says nothing.
    scope = address[3] if len(address) == 4 else 0
    return _can_bind(family, address[0], scope) and not _can_bind(family, _NOBODY[family], 0)


def _can_bind(family: socket.AddressFamily, host: str, scope: int) -> bool:
    with socket.socket(family, socket.SOCK_DGRAM) as trying:
        try:
            trying.bind((host, 0, 0, scope) if family is socket.AF_INET6 else (host, 0))
        except OSError:
            return False
        return True
