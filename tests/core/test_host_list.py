"""Networks and names in one list."""

from ipaddress import ip_address, ip_network

import pytest

from core.host_list import NOTHING, parse_hosts


def test_networks_and_names_stand_side_by_side() -> None:
    hosts = parse_hosts("10.0.0.7/8 , Media.LAN.,*.example.org fd00::/8,bücher.example")
    assert hosts.networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert hosts.names == ("media.lan", "*.example.org", "xn--bcher-kva.example")
    assert parse_hosts(str(hosts)) == hosts
    assert str(hosts) == "10.0.0.0/8,fd00::/8,media.lan,*.example.org,xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("media.lan", True),
        ("MEDIA.lan.", True),
        ("a.media.lan", False),
        ("example.org", False),
        ("a.example.org", True),
        ("a.b.Example.org.", True),
        ("badexample.org", False),
        ("example.org.evil.test", False),
        ("", False),
    ],
)
def test_a_star_means_what_is_below_it(host: str, named: bool) -> None:
    assert parse_hosts("media.lan *.example.org").has_name(host) is named


def test_an_address_is_in_the_networks_of_its_own_kind() -> None:
    hosts = parse_hosts("10.0.0.0/8 ::/0")
    assert hosts.has_address(ip_address("10.9.9.9"))
    assert hosts.has_address(ip_address("::1"))
    assert not hosts.has_address(ip_address("11.0.0.1"))


@pytest.mark.parametrize("text", ["", " , ,"])
def test_an_empty_list_names_nothing(text: str) -> None:
    assert parse_hosts(text) == NOTHING
    assert not NOTHING
    assert str(NOTHING) == ""


@pytest.mark.parametrize(
    "entry",
    [
        "10.0.0.0/33",
        "10.0.0",
        "300.1.1.1",
        "0x7f000001",
        "http://media.lan",
        "media.lan:80",
        "*",
        "*.",
        "a..b",
        "a b*",
        "[::1]",
    ],
)
def test_what_is_neither_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ValueError, match="is neither"):
        parse_hosts(f"10.0.0.0/8, {entry}")
