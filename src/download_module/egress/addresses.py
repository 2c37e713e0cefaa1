"""Which IP addresses are on the public internet.

The tables are IANA's registries of special-purpose addresses. `ipaddress` has them too, each version of Python another
edition, so what came late to it stands here again.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from core.host_list import Address

PUBLIC_V6 = IPv6Network("2000::/3")  # the only part of IPv6 that was ever given to networks of the internet
NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),  # carriers, and the metadata of a cloud
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.31.196.0/24"),  # AS112
    IPv4Network("192.52.193.0/24"),  # AMT
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("192.175.48.0/24"),  # AS112
    IPv4Network("198.18.0.0/15"),
    IPv4Network("224.0.0.0/3"),  # multicast, reserved, broadcast
    IPv6Network("2001::/23"),  # Teredo, benchmarks, ORCHID, drones: protocols, no sites
    IPv6Network("2001:db8::/32"),
    IPv6Network("2620:4f:8000::/48"),  # AS112
    IPv6Network("3fff::/20"),  # documentation since 2024
)
# Prefixes whose last 32 bits are an IPv4 address: NAT64 (RFC 6052), IPv4-translated (RFC 2765), IPv4-mapped and
# IPv4-compatible (RFC 4291).
CARRIERS = tuple(IPv6Network(prefix) for prefix in ("64:ff9b::/96", "::ffff:0:0:0/96", "::ffff:0:0/96", "::/96"))
SIX_TO_FOUR = IPv6Network("2002::/16")
ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the third quarter of an address whose last one is an IPv4 address


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, with every address that it carries inside."""
    if any(address in network for network in NOT_PUBLIC if network.version == address.version):
        return False
    carried = list(carried_by(address))
    if isinstance(address, IPv6Address) and carried and not is_tunnel(address):
        return all(map(is_public, carried))
    if isinstance(address, IPv6Address) and address not in PUBLIC_V6:
        return False
    return address.is_global and all(map(is_public, carried))


def is_tunnel(address: IPv6Address) -> bool:
    """Whether an address stands for itself, beside the IPv4 address to which a tunnel would bring what is sent."""
    return not any(address in prefix for prefix in CARRIERS) and address not in SIX_TO_FOUR


def carried_by(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that are meant by an IPv6 address."""
    if not isinstance(address, IPv6Address) or address.is_loopback or address.is_unspecified:
        return
    if any(address in prefix for prefix in CARRIERS):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif address in SIX_TO_FOUR:
        yield IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    elif int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
