"""Networks and host names in one list, as `EGRESS_ALLOW` and `EGRESS_DENY` are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ONLY_DIGITS = re.compile(r"[\d.]+|0x[\da-f.]*")  # a mistyped address, which no host can be called


@dataclass(frozen=True, slots=True)
class HostList:
    """What an admin names: `192.168.1.0/24`, `media.lan`, `*.example.org` (every host below it, not itself)."""

    networks: tuple[Network, ...] = ()
    names: tuple[str, ...] = ()

    def has_address(self, address: Address) -> bool:
        """Whether a network of the list holds the address."""
        return any(address in network for network in self.networks)

    def has_name(self, host: str) -> bool:
        """Whether the host is named, or is below a domain that is named with `*.`."""
        host = host.lower().rstrip(".")
        return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in self.names)

    def __iter__(self) -> Iterator[str]:
        """Each entry, as a person writes it."""
        yield from map(str, self.networks)
        yield from self.names

    def __str__(self) -> str:
        """All of it, as it is read."""
        return ",".join(self)

    def __bool__(self) -> bool:
        return bool(self.networks or self.names)


NOTHING = HostList()


def parse_hosts(text: str) -> HostList:
    """Read a list that is separated by commas or spaces.

    Raises:
        ValueError: an entry is neither a network nor a host name; the text names it.
    """
    networks: list[Network] = []
    names: list[str] = []
    for part in text.replace(",", " ").split():
        try:
            networks.append(ip_network(part, strict=False))
        except ValueError:
            names.append(_name(part))
    return HostList(tuple(networks), tuple(names))


def _name(part: str) -> str:
    name = part.lower().rstrip(".")
    if not name.isascii():
        name = name.encode("idna").decode()  # raises UnicodeError, a ValueError
    if not _NAME.fullmatch(name) or _ONLY_DIGITS.fullmatch(name):
        raise ValueError(f"{part} is neither a network such as 192.168.1.0/24 nor a host name such as *.example.org")
    return name
