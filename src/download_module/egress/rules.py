"""What may be reached: the public internet, less what the admin denied, and what the admin allowed beyond it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from core.host_list import NOTHING, Address, HostList
from download_module.egress.addresses import carried_by, is_public, is_tunnel
from download_module.egress.ports import REFUSED_PORTS


class Refusal(StrEnum):
    """Why a target is not dialled."""

    ADDRESS = "address"  # it is not on the public internet
    DENIED = "denied"  # the admin denied it
    PORT = "port"  # no media is served there


@dataclass(frozen=True, slots=True)
class Rules:
    """Denied wins over allowed, and allowed over private. A refused port stays refused."""

    allow: HostList = NOTHING
    deny: HostList = NOTHING

    def refuse_name(self, host: str, port: int) -> Refusal | None:
        """Why a host is refused whatever its addresses are; None: they decide."""
        if self.deny.has_name(host):
            return Refusal.DENIED
        return Refusal.PORT if port in REFUSED_PORTS else None

    def refuse(self, host: str, addresses: Sequence[Address]) -> Refusal | None:
        """Why a host with these addresses is refused; one bad address is enough, since the next look may give that."""
        if any(self._is_denied(address) for address in addresses):
            return Refusal.DENIED
        if self.allow.has_name(host) or all(map(self._may_reach, addresses)):
            return None
        return Refusal.ADDRESS

    def allows(self, host: str, address: Address) -> bool:
        """Whether the admin named the host or the address, so that it may even be one of this machine."""
        meant = [address, *carried_by(address)]
        return self.allow.has_name(host) or any(map(self.allow.has_address, meant))

    def _is_denied(self, address: Address) -> bool:
        return any(map(self.deny.has_address, (address, *carried_by(address))))

    def _may_reach(self, address: Address) -> bool:
        carried = list(carried_by(address))
        if carried and isinstance(address, IPv6Address) and not is_tunnel(address):
            return all(map(self._may_reach, carried))  # who allows ::/0 did not mean 10.0.0.1
        return self.allow.has_address(address) or is_public(address)
