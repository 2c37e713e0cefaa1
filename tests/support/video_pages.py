"""Pages and APIs that have video, as sites of different kinds write them. Extraction never fetches the media itself."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.support.media_server import MediaServer
from tests.support.sample_media import page

HLS_TYPE = "application/vnd.apple.mpegurl"
UUID = "9c9de5e8-0a1e-484a-b099-e80766180a6d"


def add_json_ld(server: MediaServer, path: str, video: str, **more: Any) -> str:
    """A page that describes its video with schema.org's VideoObject."""
    said = {"@context": "https://schema.org", "@type": "VideoObject", "contentUrl": video, **more}
    return server.add_page(path, page("A page", f'<script type="application/ld+json">{json.dumps(said)}</script>'))


def add_open_graph(server: MediaServer, path: str, video: str, title: str) -> str:
    """A page whose head tells of a video, as for previews in chats."""
    head = f"<title>{escape(title)}</title>"
    for name, content in {"og:title": title, "og:video:type": "video/mp4", "og:video": video}.items():
        head += f'<meta property="{name}" content={quoteattr(content)}>'
    return server.add_page(path, f"<!DOCTYPE html><html><head>{head}</head><body></body></html>")


def add_jw_player(server: MediaServer, path: str, sources: Sequence[Mapping[str, Any]], title: str) -> str:
    """A page with JW Player's set-up in a script."""
    setup = json.dumps({"title": title, "sources": list(sources)})
    return server.add_page(path, page(title, f'<div id="p"></div><script>jwplayer("p").setup({setup});</script>'))


def add_tags(server: MediaServer, path: str, videos: Sequence[str], title: str = "Some clips") -> str:
    """A page with several <video> tags."""
    tags = "".join(f"<video controls><source src={quoteattr(url)} type='video/mp4'></video>" for url in videos)
    return server.add_page(path, page(title, tags))


def add_mediasite(server: MediaServer, path: str, video: str, title: str) -> str:
    """A page with a Mediasite player in a frame, and the service that the player asks."""
    player = f"/Mediasite/Play/{'ab' * 16}1d"
    server.add_page(player, page("Player", "<p>Mediasite</p>"))
    streams = [{"StreamType": 0, "VideoUrls": [{"Location": video, "MimeType": "video/mp4"}]}]
    presentation = {"Title": title, "Duration": 90_000, "UnixTime": 1_700_000_000_000, "Streams": streams}
    service = "/Mediasite/PlayerService/PlayerService.svc/json/GetPlayerOptions"
    server.add(service, json.dumps({"d": {"Presentation": presentation}}), content_type="application/json")
    return server.add_page(path, page("A lecture", f'<iframe src="{server.url(player)}" width="640"></iframe>'))


def add_feed(server: MediaServer, path: str, count: int, title: str = "A podcast") -> str:
    """An RSS feed with so many episodes, each a file."""
    items = "".join(
        f"<item><title>Episode {number}</title><guid>g{number}</guid>"
        f'<enclosure url="{server.url(f"{path}/{number}.mp3")}" type="audio/mpeg" length="7"/></item>'
        for number in range(1, count + 1)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
    return server.add(path, feed, content_type="application/rss+xml")


def add_playlist(server: MediaServer, path: str, *, seconds: int = 10, live: bool = False, more: str = "") -> str:
    """A media playlist of HLS, with a segment a second; `more` are lines before the first."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", *filter(None, [more])]
    for number in range(seconds):
        lines += ["#EXTINF:1.0,", f"{path.rpartition('/')[2].removesuffix('.m3u8')}-{number}.ts"]
    lines += [] if live else ["#EXT-X-ENDLIST"]
    return server.add(path, "\n".join(lines) + "\n", content_type=HLS_TYPE)


def add_master(
    server: MediaServer,
    prefix: str,
    variants: Mapping[str, str],
    *,
    media: Sequence[str] = (),
    seconds: int = 10,
    live: bool = False,
) -> str:
    """A master playlist of HLS.

    Args:
        variants: the attributes of EXT-X-STREAM-INF by the name of the variant, whose playlist is `{name}.m3u8`.
        media: lines of EXT-X-MEDIA; the playlists that they name are added by the caller.
        seconds: the length of each.
        live: whether they go on.
    """
    lines = ["#EXTM3U", *media]
    for name, attributes in variants.items():
        lines += [f"#EXT-X-STREAM-INF:{attributes}", f"{name}.m3u8"]
        add_playlist(server, f"{prefix}/{name}.m3u8", seconds=seconds, live=live)
    return server.add(f"{prefix}/master.m3u8", "\n".join(lines) + "\n", content_type=HLS_TYPE)


def add_mpd(server: MediaServer, path: str, sets: str, *, seconds: int = 10, kind: str = "static") -> str:
    """A DASH manifest around these adaptation sets."""
    manifest = (
        f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="{kind}" '
        f'mediaPresentationDuration="PT{seconds}S"><Period>{sets}</Period></MPD>'
    )
    return server.add(path, manifest, content_type="application/dash+xml")


TEMPLATED = """
<AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1" duration="2" startNumber="1"
  initialization="$RepresentationID$-init.mp4" media="$RepresentationID$-$Number$.m4s"/>
  <Representation id="v1" codecs="avc1.42c01e" width="640" height="360" bandwidth="800000"/>
  <Representation id="v2" codecs="avc1.42c01e" width="1280" height="720" bandwidth="2000000"/></AdaptationSet>
<AdaptationSet mimeType="audio/mp4"><SegmentTemplate timescale="1" duration="2" startNumber="1"
  initialization="$RepresentationID$-init.mp4" media="$RepresentationID$-$Number$.m4s"/>
  <Representation id="a1" codecs="mp4a.40.2" bandwidth="128000"/></AdaptationSet>
"""
# Segments that are ranges of one file, which yt-dlp itself does not read.
RANGED = """
<AdaptationSet mimeType="video/mp4"><Representation id="v" codecs="avc1.42c01e,mp4a.40.2" width="640" height="360"
  bandwidth="800000"><BaseURL>whole.mp4</BaseURL><SegmentList duration="5"><Initialization range="0-799"/>
  <SegmentURL mediaRange="800-1999"/><SegmentURL mediaRange="2000-2999"/></SegmentList></Representation></AdaptationSet>
"""


def add_peertube(server: MediaServer, host: str, name: str = "What is PeerTube?") -> None:
    """PeerTube's page of a video and the answers of its API (version 6), for whoever reaches this server as `host`."""
    marks = '<meta property="og:platform" content="PeerTube" />'
    server.add_page(f"/w/{UUID}", f"<!DOCTYPE html><html><head><title>{name}</title>{marks}</head><body></body></html>")
    files = [
        _peertube_file(server, height, size) for height, size in ((1080, 9_000_000), (720, 4_000_000), (360, 900_000))
    ]
    video = {
        "id": 42,
        "uuid": UUID,
        "shortUUID": "kkGMgK9ZtnKfYAgnEtQxbv",
        "name": name,
        "duration": 113,
        "description": "What it is.",
        "category": {"id": 15, "label": "Science & Technology"},
        "licence": {"id": 1, "label": "Attribution"},
        "language": {"id": "en", "label": "English"},
        "privacy": {"id": 1, "label": "Public"},
        "nsfw": False,
        "tags": ["framasoft", "peertube"],
        "views": 4321,
        "likes": 120,
        "dislikes": 3,
        "isLive": False,
        "publishedAt": "2018-10-01T10:52:46.396Z",
        "thumbnailPath": f"/static/thumbnails/{UUID}.jpg",
        "account": {"id": 3, "displayName": "Framasoft", "url": f"https://{host}/accounts/framasoft"},
        "channel": {"id": 5, "displayName": "A channel", "url": f"https://{host}/video-channels/a"},
        "files": files,
        "streamingPlaylists": [],
    }
    captions = {
        "total": 1,
        "data": [{"language": {"id": "fr"}, "captionPath": f"/lazy-static/video-captions/{UUID}-fr.vtt"}],
    }
    for path, said in {f"/api/v1/videos/{UUID}/": video, f"/api/v1/videos/{UUID}/captions": captions}.items():
        server.add(path, json.dumps(said), content_type="application/json; charset=utf-8")


def _peertube_file(server: MediaServer, height: int, size: int) -> dict[str, Any]:
    return {
        "id": height,
        "resolution": {"id": height, "label": f"{height}p"},
        "size": size,
        "fps": 30,
        "fileUrl": server.url(f"/static/web-videos/{UUID}-{height}.mp4"),
        "fileDownloadUrl": server.url(f"/download/web-videos/{UUID}-{height}.mp4"),
    }
