"""Links that are no links to media: none is obeyed, whoever wrote it into a row."""

from pathlib import Path

import pytest

from core.errors import RequestRefused
from core.requests import MAX_URL_LENGTH, checked_url
from tests.hostile.siege import Siege, case

SECRET = "only-on-this-host"
# {secret} is the path of a file on this host, {page} an ordinary page.
LOCAL = (
    "file:///{secret}",
    "file://{secret}",
    "file:{secret}",
    "FILE:///{secret}",
    "fIlE://localhost{secret}",
    "file://127.0.0.1{secret}",
    "file:\\\\{secret}",
    "file%3A//{secret}",
    "url:file://{secret}",
    "view-source:file://{secret}",
    "jar:file://{secret}!/a",
    "netdoc://{secret}",
    "{secret}",
    "../../../../../{secret}",
    "~/.netrc",
    "data:text/html,<video src=x>",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "blob:http://127.0.0.1/1",
    "about:blank",
    "chrome://version",
    "rtmp://127.0.0.1:1935/live/x",
    "rtsp://127.0.0.1/x",
    "mms://127.0.0.1/x",
    "sftp://127.0.0.1/x.mp4",
    "gopher://127.0.0.1:70/_x",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/x",
    "tftp://127.0.0.1/x",
    "smb://127.0.0.1/x",
    "ws://127.0.0.1/x",
    # gallery-dl
    "r:file:///{secret}",
    "recursive:file:///{secret}",
    "r:{page}",
    "recursive:{page}",
    "ytdl:{page}",
    "oauth:twitter",
    "generic:{page}",
    "noop",
    "tumblr:127.0.0.1",
    "mastodon:{page}",
    # yt-dlp, ffmpeg
    "ytsearch:cats",
    "ytsearchall:cats",
    ":ytfav",
    "concat:{secret}|{secret}",
    "subfile,,start,0,end,9,,:{secret}",
    "pipe:0",
    # options
    "--exec x",
    "--exec=touch${IFS}pwned",
    "-o/pwned",
    "--config-locations={secret}",
    "--load-cookies={secret}",
    "-",
    " ",
    "http://",
    "https:///nothing",
    "http://[::1",
    "http://[:::::::::]/",
    "http://a:b:c/",
    "http://127.0.0.1:99999/x",
    "http://127.0.0.1:-1/x",
    "//127.0.0.1/x.mp4",
    "magnet:",
    "magnet:?xt=urn:btih:",
    "magnet:?xt=urn:btih:zz",
    "magnet:?" + "tr=http://a.example&" * 300,
    "http://" + "a" * 300 + ".example/x.mp4",
    "http://" + "a." * 4000 + "example/x.mp4",
    "http://\u202e4pm.example/x.mp4",
    "http://\ud7ff\u0000.example/x".replace("\u0000", "\u0001"),
)


async def test_no_scheme_prefix_or_option_is_obeyed(siege: Siege) -> None:
    secret = siege.scene.directory / "data" / "secret.mp4"
    secret.write_text(SECRET)
    page = siege.server.add_page("/page", "<title>Nothing</title>")
    links = [link.format(secret=secret, page=page) if "{" in link and "$" not in link else link for link in LOCAL]
    refused = ("UnsupportedUrl", "MediaNotFound", "SourceUnreachable", "ForbiddenTarget")
    long = siege.server.add("/long.bin", 3000) + "?"
    long += "x" * (MAX_URL_LENGTH - len(long))
    smuggled = [page + "#__youtubedl_smuggle=%7B%22force_videoid%22%3A1%7D"]
    await siege.run(
        [
            *(case(f"{number} {link[:60]!r}", link, *refused) for number, link in enumerate(links)),
            *(case(link, link, "UnsupportedUrl", "MediaNotFound") for link in smuggled),
            case("as long as may be", long, "downloaded"),
        ],
        timeout=90,
    )
    assert SECRET not in siege.runner.output
    assert not [path for path in siege.scene.downloads.rglob("*") if path.is_file() and SECRET in _text(path)]


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no link"),
        ("<>", "no link"),
        (" \t\n", "no link"),
        ("\u200b\ufeff", "no link"),
        ("https://a.example/" + "x" * 10_000, "too long"),
        ("https://a.example/\x00", "control"),
        ("https://a.example/\r\nX: y", "control"),
        ("https://a.example/\u2028y", "control"),
        ("https://a.example/\ud800", "control"),
        ("https://a.example/\u202egpj.exe", "control"),
        ("https://a.example/\u2066x", "control"),
        ("https://a.example/ --exec x", "spaces"),
        ("--exec x", "spaces"),
        ("example.com/x", "https://"),
        ("/etc/passwd", "https://"),
        ("..", "https://"),
    ],
)
def test_what_is_no_link_is_refused_with_a_sentence_that_helps(text: str, words: str) -> None:
    with pytest.raises(RequestRefused, match=words) as refused:
        checked_url(text)
    assert len(str(refused.value)) < 400


def test_a_link_may_be_as_long_as_a_browser_takes_it() -> None:
    url = "https://a.example/" + "x" * (MAX_URL_LENGTH - 18)
    assert checked_url(f"<{url}>") == url


def test_invisible_characters_around_a_pasted_link_are_taken_off() -> None:
    assert checked_url("\u200b\u2060<https://a.example/x>\ufeff\n") == "https://a.example/x"
