"""A name server of the test's own: names with several, changing, internal and disguised addresses (RFC 1035)."""

import asyncio
import re
import struct
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

A, CNAME, AAAA = 1, 5, 28
NO_SUCH_NAME = 3
SITE, OTHER = ("93.184.215.14", "2606:2800::1"), ("93.184.215.15",)
NAMES: dict[str, Sequence[str]] = {
    "site.example": SITE,
    "other.example": OTHER,
    "private.example": ("10.0.0.5",),
    "metadata.example": ("169.254.169.254",),
    "loop.example": ("127.0.0.1",),
    "localtest.me": ("127.0.0.1", "::1"),
    "both.example": ("93.184.215.14", "10.0.0.5"),
    "six.example": ("fd00::5",),
    "six-loop.example": ("::1",),
    "mapped.example": ("::ffff:10.0.0.5",),
    "nat64.example": ("64:ff9b::a00:5",),
    "sixtofour.example": ("2002:a00:5::1",),
    "mixed.example": ("93.184.215.14", "fd00::5"),
    "zero.example": ("0.0.0.0",),
    "prefetched.example": OTHER,
}
ALIASES = {"alias.example": "private.example", "alias2.example": "alias.example"}
_REBINDING = re.compile(r"rebind-(\d)\.example")  # public that many times, then internal
_WRITTEN = re.compile(r"(?:.*\.)?(\d+\.\d+\.\d+\.\d+)\.nip\.io")


class NameServer(asyncio.DatagramProtocol):
    """Answers with a TTL of 0; `asked` says which names somebody wanted to know."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._rebound: Counter[str] = Counter()

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer one question."""
        end = data.index(b"\0", 12)
        name = _text(data[12:end])
        kind = struct.unpack_from(">H", data, end + 1)[0]
        self.asked[name] += 1
        records, known = self._records(name, kind)
        flags = 0x8180 | (0 if known else NO_SUCH_NAME)
        head = data[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        self._transport.sendto(head + data[12 : end + 5] + b"".join(records), addr)

    def _records(self, name: str, kind: int) -> tuple[list[bytes], bool]:
        chain = []
        while name in ALIASES:
            chain.append(_record(name, CNAME, _wire(ALIASES[name])))
            name = ALIASES[name]
        addresses = [ip_address(text) for text in self._addresses(name, kind)]
        family = IPv4Address if kind == A else IPv6Address
        found = [_record(name, kind, one.packed) for one in addresses if isinstance(one, family) and kind in (A, AAAA)]
        return chain + found, bool(addresses or chain)

    def _addresses(self, name: str, kind: int) -> Sequence[str]:
        if written := _WRITTEN.fullmatch(name):
            return (written[1],)
        rebinding = _REBINDING.fullmatch(name)
        if rebinding is None:
            return NAMES.get(name, ())
        self._rebound[name] += kind == A
        return ("93.184.215.14",) if self._rebound[name] <= int(rebinding[1]) else ("10.0.0.5",)


def _record(name: str, kind: int, data: bytes) -> bytes:
    return _wire(name) + struct.pack(">HHIH", kind, 1, 0, len(data)) + data


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _text(labels: bytes) -> str:
    found = []
    while labels:
        found.append(labels[1 : 1 + labels[0]].decode(errors="replace").lower())
        labels = labels[1 + labels[0] :]
    return ".".join(found)
