"""Which addresses may be reached, in all the spellings that strangers find."""

from ipaddress import ip_network

import pytest

from core.errors import BossBotError, ForbiddenTarget, SourceUnreachable, UnsupportedUrl
from core.host_list import Network, parse_hosts
from download_module.egress import Egress
from download_module.extractors.direct_extractor import DirectExtractor
from tests.support.media_server import MediaServer

INSIDE = (
    # loopback
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "1\uff127.0.0.1",
    "127\u30020\u30020\u30021",
    "\u2460\u2461\u2466.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[2002:7f00:1::]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[::1%251]",
    "[::1%lo]",
    # this host
    "0.0.0.0",
    "0",
    "0x0",
    "0.1.2.3",
    "[::]",
    "[::ffff:0.0.0.0]",
    # private networks
    "10.0.0.1",
    "10.1",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.257",
    "0xc0a80101",
    "[::ffff:192.168.1.1]",
    "[64:ff9b::192.168.1.1]",
    "[64:ff9b:1::1]",
    "[2002:c0a8:101::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[2606:4700::5efe:192.168.1.1]",
    "[2606:4700::200:5efe:10.0.0.1]",
    # metadata of clouds
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    # carrier, documentation, multicast, reserved
    "100.64.0.1",
    "100.127.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[ff0e::1]",
    "[2001:db8::1]",
    "[2001::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
    "[4000::1]",
    "[2002:a00:1::]",
    "192.0.0.8",
    "192.88.99.1",
)


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("pattern", ["http://{}/", "https://user:secret@{}:8080/a.mp4"])
async def test_an_address_inside_is_refused_however_it_is_spelled(pattern: str, host: str) -> None:
    with pytest.raises((ForbiddenTarget, UnsupportedUrl, SourceUnreachable)) as refused:
        await Egress().check(pattern.format(host))
    assert str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost", "10.1"])
async def test_an_address_that_was_understood_is_called_forbidden(host: str) -> None:
    with pytest.raises(ForbiddenTarget, match="not allowed"):
        await Egress().check(f"http://{host}/")


@pytest.mark.parametrize(
    "host", ["1.1.1.1", "8.8.8.8", "134744072", "[2606:4700:4700::1111]", "[::ffff:8.8.8.8]", "[64:ff9b::8.8.8.8]"]
)
@pytest.mark.parametrize("pattern", ["http://{}/", "https://{}:8443/", "ftp://{}/a", "udp://{}:6969/announce"])
async def test_an_address_of_the_public_internet_may_be_reached(pattern: str, host: str) -> None:
    await Egress().check(pattern.format(host))


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        ("127.0.0.1/32", "http://127.0.0.1:99/", "http://127.0.0.2/"),
        ("127.0.0.1/32", "http://[::ffff:127.0.0.1]/", "http://[::1]/"),
        ("127.0.0.1/32", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::127.0.0.2]/"),
        ("127.0.0.0/8", "http://127.9.9.9/", "http://0.0.0.0/"),
        ("192.168.1.0/24", "http://192.168.1.77/", "http://192.168.2.1/"),
        ("::1/128", "http://[::1]/", "http://127.0.0.1/"),
        ("fd00::/8", "http://[fd00::5]/", "http://[fc00::5]/"),
        ("fec0::/10", "http://[fec0::1]/", "http://[fe80::1]/"),
        ("::/0", "http://[fd00::5]/", "http://[::ffff:127.0.0.1]/"),
    ],
)
async def test_what_the_admin_allows_opens_just_what_it_names(allowed: str, inside: str, outside: str) -> None:
    network: Network = ip_network(allowed)
    egress = Egress([network])
    await egress.check(inside)
    with pytest.raises(ForbiddenTarget):
        await egress.check(outside)


@pytest.mark.parametrize(
    ("allow", "deny", "fine", "forbidden"),
    [
        ("localhost", "", "http://localhost/", "http://127.0.0.1/"),
        ("LOCALHOST.", "", "http://Localhost:8080/", "http://10.0.0.1/"),
        ("", "1.1.1.0/24", "http://8.8.8.8/", "http://1.1.1.1/"),
        ("", "1.1.1.0/24", "http://8.8.8.8/", "http://[::ffff:1.1.1.1]/"),
        ("", "1.1.1.0/24", "http://8.8.8.8/", "http://[64:ff9b::1.1.1.1]/"),
        ("127.0.0.0/8", "127.0.0.1", "http://127.0.0.2/", "http://127.0.0.1/"),
        ("localhost", "127.0.0.0/8, ::1", "http://8.8.8.8/", "http://localhost/"),
        ("127.0.0.0/8, ::1", "localhost", "http://127.0.0.1/", "http://localhost/"),
        ("127.0.0.0/8", "", "http://127.0.0.1:8080/", "http://127.0.0.1:25/"),
        ("", "", "ftp://8.8.8.8/", "http://8.8.8.8:6667/"),
        ("", "", "udp://8.8.8.8/", "http://8.8.8.8:0/"),
    ],
)
async def test_denied_wins_over_allowed_and_allowed_over_private(
    allow: str, deny: str, fine: str, forbidden: str
) -> None:
    egress = Egress(parse_hosts(allow), parse_hosts(deny))
    await egress.check(fine)
    with pytest.raises(ForbiddenTarget):
        await egress.check(forbidden)


async def test_behind_a_proxy_a_name_that_the_admin_allowed_need_not_be_known_here() -> None:
    allow = parse_hosts("media.invalid")
    await Egress(allow, proxied=True).check("http://media.invalid/")
    with pytest.raises(SourceUnreachable):
        await Egress(allow).check("http://media.invalid/")
    with pytest.raises(SourceUnreachable):
        await Egress(allow, proxied=True).check("http://other.invalid/")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://8.8.8.8/", "data:,a", "8.8.8.8", "http:///a", "http://8.8.8.8:port/", "http://[/"],
)
async def test_what_nobody_fetches_is_not_supported(url: str) -> None:
    with pytest.raises(UnsupportedUrl):
        await Egress().check(url)


@pytest.mark.parametrize(
    "host", ["nowhere.invalid", "a..b", "x" * 64 + ".test", "a\x00b", "xn--\ud800", "host name", "." * 300]
)
async def test_a_name_that_has_no_address_is_not_found(host: str) -> None:
    with pytest.raises(BossBotError) as refused:
        await Egress().check(f"http://{host}/")
    assert isinstance(refused.value, SourceUnreachable | UnsupportedUrl)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_an_address_inside_is_not_followed(status: int) -> None:
    async with MediaServer() as outside, MediaServer("127.0.0.2") as inside:
        secret = inside.add("/secret", b"secret")
        url = outside.add_redirect("/a.mp4", secret, status=status, hops=3)
        with pytest.raises(ForbiddenTarget):
            await DirectExtractor(Egress([ip_network("127.0.0.1/32")])).extract(url)
        assert len(outside.requests()) == 3
        assert inside.requests() == []
