"""The catalogue: ways to make a fetcher connect to where it must not, and how each download ends.

A case that ends in `DOWNLOADED` shows that its way works where it leads to a public address.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.address_site import hop, late
from tests.support.galleries import Galleries
from tests.support.sample_media import clip

SITE, OTHER = "http://site.example", "http://other.example"
DOWNLOADED = "downloaded"
FORBIDDEN = ("ForbiddenTarget",)
# No address, or none that this fetcher takes for one: there is nothing to connect to.
NOWHERE = ("ForbiddenTarget", "UnsupportedUrl", "MediaNotFound", "SourceUnreachable")
# The way leads on to what is there; nobody was asked for what is not.
EITHER = (*NOWHERE, "SourceExpired", "LoginRequired", "ExtractionError", DOWNLOADED)

# Hosts by which an address inside is meant, each with what it stands for.
SPELLINGS = (
    *("127.0.0.1", "127.1", "127.0.1", "127.1.2.3", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.0.0.1"),
    *("017700000001", "0177.0.0.1", "0x7f.1", "0177.0x0.0.1", "127.0.0.1.", "localhost", "LOCALHOST", "localhost."),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("10.0.0.5", "167772165", "0xa000005", "012.0.0.5", "10.5", "172.16.0.5", "172.31.255.254", "192.168.1.5"),
    *("192.168.261", "169.254.169.254", "2852039166", "0xA9FEA9FE", "169.16689662", "100.64.0.5", "198.18.0.1"),
    *("192.0.2.5", "192.0.0.5", "203.0.113.5", "240.0.0.5", "255.255.255.255", "224.0.0.5"),
    *("[fd00::5]", "[fe80::1]", "[fe80::1%25house]", "[fec0::5]", "[ff02::1]", "[2001:db8::5]", "[100::5]"),
    *("[::ffff:10.0.0.5]", "[::ffff:0:10.0.0.5]", "[64:ff9b::10.0.0.5]", "[64:ff9b:1::a00:5]", "[2002:a00:5::1]"),
    *("[2002:7f00:1::]", "[2001:0:a00:5::f5ff:fffa]", "[fd00:ec2::254]", "[5f00::5]"),
    *("user:password@10.0.0.5", "site.example@10.0.0.5", "site.example%40@10.0.0.5", "10.0.0.5:8080", "10.0.0.5:22"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "１０.0.0.5", "ⓛocalhost"),  # noqa: RUF001 - they are meant
    *("10.0.0.5.nip.io", "a.127.0.0.1.nip.io", "169.254.169.254.nip.io", "localtest.me", "private.example"),
    *("metadata.example", "loop.example", "both.example", "six.example", "six-loop.example", "mapped.example"),
    *("nat64.example", "sixtofour.example", "mixed.example", "zero.example", "alias.example", "alias2.example"),
)
UNSOLVED = ("http://10.0.0.5\\@site.example/x.mp4", "http:10.0.0.5/x.mp4", "http:///10.0.0.5/x.mp4", "//10.0.0.5/x.mp4")


@dataclass(frozen=True, slots=True)
class Case:
    """A URL, and in what its row may end."""

    name: str
    url: str
    ends: tuple[str, ...]
    options: dict[str, object] = field(default_factory=dict)


def catalogue() -> tuple[Case, ...]:
    """All of it."""
    return (*_controls(), *_urls(), *_redirects(), *_names(), *_documents(), *_pages())


def write_files(directory: Path) -> None:
    """What the site serves."""
    clip(directory / "good.mp4", seconds=2)
    clip(directory / "seg.ts", seconds=2)
    for name, text in {**_manifests(), **_html()}.items():
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "duplicate.mp4").write_bytes((directory / "good.mp4").read_bytes())
    (directory / "traps.torrent").write_bytes(_torrent())
    (directory / "picture.jpg").write_bytes(base64.b64decode(PICTURE))
    statuses = directory / "api/v1/statuses"
    statuses.mkdir(parents=True)
    for number, image in (("1", "http://10.0.0.5/picture.jpg"), ("2", f"{OTHER}{hop('http://10.0.0.5/picture.jpg')}")):
        gallery = Galleries(root=OTHER)
        gallery.toot(gallery.attachment() | {"url": image, "remote_url": image})
        (statuses / number).write_text(json.dumps(gallery.statuses[0]))
    (statuses / "3").write_text(json.dumps(_good_status()))


def _good_status() -> dict[str, object]:
    gallery = Galleries(root=OTHER)
    image = f"{OTHER}/picture.jpg"
    gallery.toot(gallery.attachment() | {"url": image, "remote_url": image})
    return gallery.statuses[0]


def _controls() -> Iterator[Case]:
    done = (DOWNLOADED,)
    yield Case("a file", f"{SITE}/good.mp4", done)
    yield Case("a file at an address", "http://93.184.215.14/good.mp4", done)
    yield Case("a file at an address of version 6", "http://[2606:2800::1]/good.mp4", done)
    yield Case("a redirect", f"{SITE}{hop(f'{OTHER}/good.mp4')}", done)
    yield Case("a redirect of who fetches", f"{SITE}{late(f'{OTHER}/good.mp4')}", done)
    yield Case("a stream", f"{SITE}/good.m3u8", done)
    yield Case("a stream of DASH", f"{SITE}/good.mpd", done)
    yield Case("a metalink", f"{SITE}/good.meta4", done)
    yield Case("a page", f"{SITE}/good.html", done)


def _urls() -> Iterator[Case]:
    for host in SPELLINGS:
        ends = FORBIDDEN if host.isascii() and "%" not in host else NOWHERE
        yield Case(f"by URL: {host}", f"http://{host}/good.mp4", ends if "fe80" not in host else NOWHERE)
    for url in UNSOLVED:
        yield Case(f"by URL: {url}", url, EITHER)
    yield Case("by URL, encrypted", "https://10.0.0.5/good.mp4", FORBIDDEN)
    yield Case("by URL, FTP", "ftp://10.0.0.5/good.mp4", FORBIDDEN)


def _redirects() -> Iterator[Case]:
    for code in (301, 302, 303, 307, 308):
        for host in ("127.0.0.1", "10.0.0.5", "[fd00::5]"):
            yield Case(f"{code} to {host}", f"{SITE}{hop(f'http://{host}/good.mp4', code)}", FORBIDDEN)
    yield Case("a redirect to https", f"{SITE}{hop('https://10.0.0.5/good.mp4')}", FORBIDDEN)
    for host in SPELLINGS:
        # Only aria2c meets it, and its own reading of an address.
        yield Case(f"late redirect to {host}", f"{SITE}{late(f'http://{host}/good.mp4')}", EITHER[:-1])
    yield Case("late redirect to https", f"{SITE}{late('https://10.0.0.5/good.mp4')}", FORBIDDEN)
    yield Case("late redirect to FTP", f"{SITE}{late('ftp://10.0.0.5/good.mp4')}", EITHER[:-1])
    yield Case("late redirect twice", f"{SITE}{late(OTHER + hop('http://10.0.0.5/good.mp4'))}", FORBIDDEN)
    yield Case("two meta refreshes", f"{SITE}/meta.html", EITHER[:-1])
    yield Case("a script that goes elsewhere", f"{SITE}/script.html", EITHER[:-1])


def _names() -> Iterator[Case]:
    for times in range(5):
        yield Case(f"a name that changes after {times} looks", f"http://rebind-{times}.example/good.mp4", EITHER)


def _documents() -> Iterator[Case]:
    for name in _manifests():
        if not name.startswith("good."):
            ends = (DOWNLOADED,) if name.startswith("good") else EITHER[:-1]  # another mirror has it
            yield Case(f"by manifest: {name}", f"{SITE}/{name}", ends)
    yield Case("by torrent: trackers and web seeds", f"{SITE}/traps.torrent", (*EITHER[:-1], "cancelled"))
    yield Case("by Link header", f"{SITE}/duplicate.mp4", (DOWNLOADED,))
    yield Case("a post", f"{OTHER}/@bob/3", (DOWNLOADED,))
    yield Case("by post", f"{OTHER}/@bob/1", EITHER[:-1])
    yield Case("by post, redirected", f"{OTHER}/@bob/2", EITHER[:-1])


def _pages() -> Iterator[Case]:
    yield Case("an embedded video", f"{SITE}/embed.html", EITHER[:-1])
    yield Case("an embedded stream", f"{SITE}/embed-stream.html", EITHER[:-1])
    yield Case("a card's video", f"{SITE}/card.html", EITHER[:-1])
    yield Case("scripts", f"{SITE}/traps.html", (DOWNLOADED,))


def _hls(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", *lines, "#EXT-X-ENDLIST", ""])


def _manifests() -> dict[str, str]:
    inside, key = "http://10.0.0.5/seg.ts", '#EXT-X-KEY:METHOD=AES-128,URI="{}"'
    variant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\n{}\n"
    found = {
        "good.m3u8": _hls("#EXTINF:2,", f"{OTHER}/seg.ts"),
        "segment.m3u8": _hls("#EXTINF:2,", inside),
        "segment-loop.m3u8": _hls("#EXTINF:2,", "http://127.0.0.1/seg.ts"),
        "segment-https.m3u8": _hls("#EXTINF:2,", "https://10.0.0.5/seg.ts"),
        "segment-name.m3u8": _hls("#EXTINF:2,", "http://alias.example/seg.ts"),
        "second-segment.m3u8": _hls("#EXTINF:2,", f"{SITE}/seg.ts", "#EXTINF:2,", inside),
        "key.m3u8": _hls(key.format("http://10.0.0.5/key"), "#EXTINF:2,", f"{SITE}/seg.ts"),
        "map.m3u8": _hls('#EXT-X-MAP:URI="http://10.0.0.5/seg.ts"', "#EXTINF:2,", f"{SITE}/seg.ts"),
        "segment-redirect.m3u8": _hls("#EXTINF:2,", f"{SITE}{hop(inside)}"),
        "variant.m3u8": variant.format("http://10.0.0.5/good.m3u8"),
        "variant-redirect.m3u8": variant.format(f"{SITE}{hop('http://10.0.0.5/good.m3u8')}"),
        "good.mpd": _dash(OTHER),
        "dash.mpd": _dash("http://10.0.0.5"),
        "good.meta4": _metalink(f"{OTHER}/good.mp4"),
        "good-mirror.meta4": _metalink(f"{SITE}{hop('http://10.0.0.5/good.mp4')}", f"{OTHER}/good.mp4"),
        "good-mirror-https.meta4": _metalink(f"{SITE}{hop('https://10.0.0.5/good.mp4')}", f"{OTHER}/good.mp4"),
        "mirror.meta4": _metalink("http://10.0.0.5/good.mp4"),
        "mirror-redirect.meta4": _metalink(f"{SITE}{hop('http://10.0.0.5/good.mp4')}"),
        "meta-url.meta4": _metalink(f"{SITE}/missing.mp4", "http://10.0.0.5/good.mp4"),
    }
    for number, host in enumerate(SPELLINGS):
        if host.isascii():
            found[f"spelling-{number}.m3u8"] = _hls("#EXTINF:2,", f"http://{host}/seg.ts")
    # A few of them are enough where each takes an extraction.
    kept = {f"spelling-{number}.m3u8" for number in range(0, len(SPELLINGS), 12)}
    return {name: text for name, text in found.items() if "spelling" not in name or name in kept}


def _dash(base: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000" codecs="avc1.42c01e" '
        f'width="320" height="180"><BaseURL>{base}/good.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
    )


def _metalink(*urls: str) -> str:
    mirrors = "".join(f"<url>{url}</url>" for url in urls)
    return f'<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="good.mp4">{mirrors}</file></metalink>'


def _html() -> dict[str, str]:
    inside = "http://10.0.0.5/good.mp4"
    return {
        "good.html": f'<title>Good</title><video src="{OTHER}/good.mp4" controls></video>',
        "embed.html": f'<title>Embed</title><video src="{inside}" controls></video>',
        "embed-stream.html": '<title>Embed</title><video><source src="http://10.0.0.5/good.m3u8"></video>',
        "card.html": f'<title>Card</title><meta property="og:video" content="{inside}">',
        "meta.html": '<title>Meta</title><meta http-equiv="refresh" content="0; url=http://127.0.0.1/good.html">',
        "script.html": "<title>Script</title><script>location = 'http://10.0.0.5/good.html'</script>",
        "traps.html": TRAPS.replace("SPELLINGS", json.dumps(list(SPELLINGS))),
        "worker.js": WORKER,
    }


# Each way is tried with the site, which notes that it ran, and with addresses inside.
TRICKS = ("fetch", "xhr", "img", "iframe", "script", "style", "media", "ws", "beacon", "events", "worker")
WORKER = f"for (const host of ['{SITE}', 'http://10.0.0.5']) fetch(host + '/ran/worker', {{mode: 'no-cors'}});"
TRAPS = """<!doctype html><title>Traps</title>
<link rel="preconnect" href="http://10.0.0.5"><link rel="preconnect" href="https://192.168.1.5">
<link rel="dns-prefetch" href="http://prefetched.example"><link rel="prefetch" href="http://10.0.0.5/good.mp4">
<link rel="icon" href="http://10.0.0.5/favicon.ico">
<script>
const spellings = SPELLINGS;
const inside = ["http://10.0.0.5", "http://127.0.0.1", "http://[fd00::5]", "http://169.254.169.254:8080"];
const add = (tag, values) => document.body.append(Object.assign(document.createElement(tag), values));
function spring(host) {
  const url = (name) => host + "/ran/" + name;
  const tries = [
    () => fetch(url("fetch"), {mode: "no-cors"}).catch(() => {}),
    () => { const x = new XMLHttpRequest(); x.open("GET", url("xhr")); x.send(); },
    () => add("img", {src: url("img")}),
    () => add("iframe", {src: url("iframe")}),
    () => add("script", {src: url("script")}),
    () => add("link", {rel: "stylesheet", href: url("style")}),
    () => add("audio", {src: url("media"), autoplay: true}),
    () => new WebSocket(url("ws").replace("http", "ws")),
    () => navigator.sendBeacon(url("beacon"), "x"),
    () => new EventSource(url("events")),
    () => new WebTransport(url("transport").replace("http:", "https:")),
    () => { const w = new RTCPeerConnection({iceServers: [{urls: "stun:" + new URL(host).hostname + ":3478"},
      {urls: "turn:" + new URL(host).hostname + ":3478?transport=tcp", username: "u", credential: "p"}]});
      w.createDataChannel("x"); w.createOffer().then((offer) => w.setLocalDescription(offer)); },
    () => window.open(url("popup")),
    () => navigator.serviceWorker.register("/worker.js"),
  ];
  for (const attempt of tries) { try { attempt(); } catch (fault) { console.log(fault); } }
}
addEventListener("load", () => {
  add("video", {src: ["/good", "mp4"].join("."), controls: true, autoplay: true, muted: true});
  spring(location.origin);
  inside.forEach(spring);
  new Worker("/worker.js");
  for (const host of spellings) { try { fetch("http://" + host + "/ran/spelling", {mode: "no-cors"}).catch(() => {}); }
    catch (fault) { console.log(fault); } }
});
</script>
<body></body>
"""
PICTURE = (
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////"
    "////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
)


def _torrent() -> bytes:
    inside = ["http://10.0.0.5:8080/announce", "http://127.0.0.1/announce", "udp://10.0.0.5:6969/announce"]
    inside += ["http://alias.example/announce", f"{SITE}{hop('http://10.0.0.5/announce')}"]
    value = {
        "announce": inside[0],
        "announce-list": [[tracker] for tracker in inside],
        "url-list": ["http://10.0.0.5/good.mp4", "http://127.0.0.1/good.mp4"],
        "httpseeds": ["http://10.0.0.5/seed"],
        "nodes": [["10.0.0.5", 6881]],
        "info": {"length": 1000, "name": "good.mp4", "piece length": 16384, "pieces": b"x" * 20},
    }
    return _bencoded(value)


def _bencoded(value: object) -> bytes:
    match value:
        case int():
            return b"i%de" % value
        case str():
            return _bencoded(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + _joined(value) + b"e"
        case dict():
            return b"d" + _joined(part for name in sorted(value) for part in (name, value[name])) + b"e"
    raise TypeError(value)


def _joined(values: Iterable[object]) -> bytes:
    return b"".join(map(_bencoded, values))
