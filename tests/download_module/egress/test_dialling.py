"""From names to addresses: all are checked, and those that were checked are dialled."""

import socket
from collections.abc import Sequence

import pytest

from core.host_list import parse_hosts
from download_module.egress.dialling import Dialler, RefusedError, is_own
from download_module.egress.resolver import AddrInfo, Resolver
from download_module.egress.rules import Refusal, Rules
from tests.download_module.egress.given import echo, origin


def entry(address: str, port: int) -> AddrInfo:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


class Names:
    """A name server whose answer changes with each question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def find(self, host: str, port: int) -> Sequence[AddrInfo]:
        self.asked += 1
        return [entry(address, port) for address in self._answers.pop(0)]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1", "10.0.0.1"),
        ("10.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::1"),
        ("127.0.0.1", "64:ff9b::10.0.0.1"),
        ("127.0.0.1", "fe80::1%lo"),
    ],
)
async def test_one_bad_address_among_good_ones_is_enough(addresses: Sequence[str]) -> None:
    async with origin(echo) as server:
        dialler = Dialler(Rules(parse_hosts("127.0.0.1")), Names(addresses))
        with pytest.raises(RefusedError) as refused:
            await dialler.dial("several.test", server.port)
        assert refused.value.refusal is Refusal.ADDRESS
        assert server.received == []


async def test_a_name_is_looked_up_once_and_that_address_is_dialled() -> None:
    async with origin(echo) as server:
        names = Names(("127.0.0.1",), ("10.0.0.1",))
        dialler = Dialler(Rules(parse_hosts("127.0.0.1")), names)
        connected = await dialler.dial("rebinding.test", server.port)
        assert connected.getpeername() == ("127.0.0.1", server.port)
        assert names.asked == 1
        with pytest.raises(RefusedError):
            await dialler.dial("rebinding.test", server.port)
        connected.close()


async def test_an_address_that_does_not_answer_is_followed_by_the_next() -> None:
    async with origin(echo, "127.0.0.3") as server:
        dialler = Dialler(Rules(parse_hosts("127.0.0.0/8")), Names(("127.0.0.2", "127.0.0.3")))
        connected = await dialler.dial("two.test", server.port)
        assert connected.getpeername()[0] == "127.0.0.3"
        connected.close()


async def test_a_named_host_may_be_private_unless_its_address_is_denied() -> None:
    async with origin(echo, "127.0.0.2") as server:
        rules = Rules(parse_hosts("media.lan"))
        connected = await Dialler(rules, Names(("127.0.0.2",))).dial("media.lan", server.port)
        connected.close()
        with pytest.raises(RefusedError):
            await Dialler(rules, Names(("127.0.0.2",))).dial("other.lan", server.port)
        denying = Rules(parse_hosts("media.lan"), parse_hosts("127.0.0.2"))
        with pytest.raises(RefusedError) as refused:
            await Dialler(denying, Names(("127.0.0.2",))).dial("media.lan", server.port)
        assert refused.value.refusal is Refusal.DENIED


@pytest.mark.parametrize(
    ("address", "own"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("1.1.1.1", False)]
)
def test_this_machine_knows_its_own_addresses(address: str, own: bool) -> None:
    assert is_own(entry(address, 80)) is own


async def test_names_are_found_and_those_that_are_none_are_not() -> None:
    resolver = Resolver()
    found = await resolver.find("127.1", 80)
    assert found[0][4] == ("127.0.0.1", 80)
    assert await resolver.find("127.1", 80) is found, "asked once for a while"
    for host in ("nowhere.invalid", "a" * 64 + ".test", "a..b", "\udc80"):
        with pytest.raises(OSError, match=r".*"):
            await resolver.find(host, 80)
