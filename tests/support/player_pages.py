"""Pages whose media only shows in a browser: behind a click, a banner, a frame, a player made of script.

Each function adds a page and its media to a server, and returns the page's URL. The media's paths are below the page's.
"""

import json
from pathlib import Path
from typing import Any

from tests.support.media_server import MediaServer
from tests.support.sample_media import add_hls, page

PLAYER = '<div id="player" style="width:640px;height:360px;background:#000"></div>'
# Puts a video where the player is; `show()` is what the pages below call in their own ways.
SHOW = """
function show(src) {
  player.innerHTML = '<video width="640" height="360"></video>';
  player.firstChild.src = src;
  return player.firstChild;
}
"""


def add_click_page(server: MediaServer, path: str, video: Path, *, title: str = "A click", **behaviour: Any) -> str:
    """A player that asks an API for its file once its button is pressed."""
    server.add(f"{path}/file", video, content_type="video/mp4", **behaviour)
    server.add(f"{path}/api", json.dumps({"src": f"{path}/file"}), content_type="application/json")
    button = '<button class="vjs-big-play-button" style="width:90px;height:45px">\u25b6</button>'
    script = f"""
    document.querySelector("button").onclick = async () => show((await (await fetch("{path}/api")).json()).src).play();
    """
    return server.add_page(path, page(title, f"{PLAYER}{button}<script>{SHOW}{script}</script>"))


def add_trusted_page(server: MediaServer, path: str, video: Path) -> str:
    """A player without a button that only obeys a real click upon itself."""
    server.add(f"{path}/file.mp4", video, content_type="video/mp4")
    script = f"""player.onclick = (event) => {{ if (event.isTrusted) show("{path}/file.mp4").play(); }};"""
    return server.add_page(path, page("A real click", f"{PLAYER}<script>{SHOW}{script}</script>"))


def add_banner_page(server: MediaServer, path: str, video: Path, *, cookie: str = "consent=yes") -> str:
    """A page under a banner; agreeing sets the cookie without which the file is refused."""
    server.add(f"{path}/file.mp4", video, content_type="video/mp4", cookie=cookie)
    banner = """
    <div class="cookie-banner" style="position:fixed;inset:0;background:#fffc;z-index:9">
      We value your privacy. <button id="more">Settings</button> <button id="agree">Alle akzeptieren</button>
    </div>
    """
    script = f"""
    agree.onclick = () => {{
      document.cookie = "{cookie}; path=/";
      document.querySelector(".cookie-banner").remove();
      show("{path}/file.mp4").play();
    }};
    """
    return server.add_page(path, page("Behind a banner", f"{PLAYER}{banner}<script>{SHOW}{script}</script>"))


def add_frame_page(server: MediaServer, path: str, elsewhere: MediaServer, video: Path) -> str:
    """A page with a frame of another server far below, in which a video is made when it comes into view."""
    elsewhere.add(f"{path}/file.mp4", video, content_type="video/mp4")
    script = f"""
    new IntersectionObserver((seen) => seen[0].isIntersecting && !player.firstChild && show("{path}/file.mp4"))
      .observe(player);
    """
    frame = elsewhere.add_page(f"{path}/embed", page("Embed", f"{PLAYER}<script>{SHOW}{script}</script>"))
    body = f"""<div style="height:1500px">Words</div><iframe width="660" height="380" src="{frame}"></iframe>"""
    return server.add_page(path, page("A frame", body))


def add_stream_page(server: MediaServer, path: str, directory: Path, *, embedded: bool = False) -> str:
    """A player that reads an HLS stream by script and feeds its segments to a video without an address (MSE).

    The master playlist is `{path}/master.m3u8`, its only rendition `{path}/hls.m3u8`. With `embedded` the script knows
    the segments by itself, and no playlist is fetched.
    """
    add_hls(server, path, directory, seconds=2, fragmented_mp4=True)
    master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2"\nhls.m3u8\n'
    server.add(f"{path}/master.m3u8", master, content_type="application/vnd.apple.mpegurl")
    script = """
    const read = async (url) => (await fetch(url)).text();
    const entries = (text) => text.split("\\n").filter((line) => line && line[0] !== "#");
    const feed = async () => {
      const text = LISTED || (await read(BASE + entries(await read(BASE + "master.m3u8"))[0]));
      const names = [text.match(/EXT-X-MAP:URI="([^"]+)"/)[1], ...entries(text)];
      const source = new MediaSource();
      const video = show(URL.createObjectURL(source));
      await new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
      const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.42c01e,mp4a.40.2"');
      for (const name of names) {
        buffer.appendBuffer(await (await fetch(BASE + name)).arrayBuffer());
        await new Promise((done) => buffer.addEventListener("updateend", done, { once: true }));
      }
      source.endOfStream();
      video.play();
    };
    feed();
    """
    listed = (directory / "hls.m3u8").read_text() if embedded else ""
    constants = f"const BASE = {json.dumps(f'{path}/')}, LISTED = {json.dumps(listed)};"
    return server.add_page(path, page("A stream", f"{PLAYER}<script>{constants}{SHOW}{script}</script>"))


def add_page_with_ad(server: MediaServer, path: str, video: Path, ad: Path) -> str:
    """A small silent loop that plays by itself, and the main video, which waits."""
    server.add(f"{path}/ad.mp4", ad, content_type="video/mp4")
    server.add(f"{path}/main.mp4", video, content_type="video/mp4")
    loop = f"""<video src="{path}/ad.mp4" width="120" height="90" autoplay muted loop></video>"""
    main = f"""<video src="{path}/main.mp4" width="640" height="360" preload="none"></video>"""
    return server.add_page(path, page("Main and ad", f"{loop}{main}"))


def add_preroll_page(server: MediaServer, path: str, video: Path, ad: Path) -> str:
    """A player that asks an ad server (VAST), plays what it names, and then the video."""
    server.add(f"{path}/main.mp4", video, content_type="video/mp4")
    named = server.add(f"{path}/ad.mp4", ad, content_type="video/mp4")
    vast = f"""<VAST version="3.0"><Ad><InLine><Creatives><Creative><Linear><MediaFiles>
    <MediaFile delivery="progressive" type="video/mp4"><![CDATA[{named}]]></MediaFile>
    </MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>"""
    server.add(f"{path}/vast.xml", vast, content_type="text/xml")
    script = f"""
    (async () => {{
      const said = await (await fetch("{path}/vast.xml")).text();
      const video = show(said.match(/CDATA\\[([^\\]]+)/)[1]);
      video.onended = () => show("{path}/main.mp4").play();
      video.play();
    }})();
    """
    return server.add_page(path, page("Ad first", f"{PLAYER}<script>{SHOW}{script}</script>"))


def add_download_page(server: MediaServer, path: str, video: Path) -> str:
    """A page that leads to an attachment by script."""
    disposition = {"Content-Disposition": 'attachment; filename="The clip.mp4"'}
    server.add(f"{path}/get", video, content_type="application/octet-stream", headers=disposition)
    return server.add_page(path, page("A download", f"<script>location.href = '{path}/get'</script>"))


def add_restless_page(server: MediaServer, path: str) -> str:
    """A page that asks for something new for ever, and has nothing."""
    script = f"""let n = 0; setInterval(() => fetch("{path}/" + n++).catch(() => 0), 50);"""
    return server.add_page(path, page("Restless", f"<script>{script}</script>"))


def add_hungry_page(server: MediaServer, path: str, *, megabytes: int) -> str:
    """A page that takes that much memory, keeps it, and does not settle."""
    script = f"""
    const kept = [];
    let n = 0;
    setInterval(() => {{
      if (kept.length * 16 < {megabytes}) kept.push(new Uint8Array(16 << 20).fill(7));
      fetch("{path}/" + n++).catch(() => 0);
    }}, 20);
    """
    return server.add_page(path, page("Hungry", f"{PLAYER}<script>{script}</script>"))


def add_prying_page(server: MediaServer, path: str, target: MediaServer) -> str:
    """A page that tries to reach another server in every way that a browser has."""
    secret = target.add("/secret", b"secret", content_type="text/plain", headers={"Access-Control-Allow-Origin": "*"})
    hop = server.add_redirect(f"{path}/hop", secret)
    socket = secret.replace("http:", "ws:")
    server.add(f"{path}/worker.js", _tries(secret, hop, socket), content_type="text/javascript")
    body = f"""
    <link rel="preconnect" href="{secret}"><link rel="prefetch" href="{secret}?prefetch">
    <img src="{hop}"><iframe src="{hop}"></iframe><video src="{secret}?video"></video>
    <script>
      {_tries(secret, hop, socket)}
      new Worker("{path}/worker.js"); navigator.sendBeacon("{secret}?beacon", "1"); window.open("{secret}?window");
    </script>
    """
    return server.add_page(path, page("Prying", body))


def _tries(secret: str, hop: str, socket: str) -> str:
    return f"""
    fetch("{secret}").catch(() => 0); fetch("{hop}").catch(() => 0); new WebSocket("{socket}");
    """
