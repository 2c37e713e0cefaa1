"""What a member reads at each point of a download's life."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cogs.cards import card, line, list_card, state
from cogs.names import bare_name, name, site
from core.models import Batch, Status
from tests.cogs.rows import a_download

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
TAIL = "media.example · for <@77> · #12"
MIB = 1024**2


@pytest.mark.parametrize(
    ("values", "ahead", "shown"),
    [
        ({}, None, f"⏳ **cat.mp4** · waits · {TAIL}"),
        ({}, 0, f"⏳ **cat.mp4** · waits, next in line · {TAIL}"),
        ({}, 3, f"⏳ **cat.mp4** · waits, 3 ahead of it · {TAIL}"),
        (
            {"available_at": "2026-01-01 12:00:30", "error": "The site is down."},
            0,
            f"⏳ **cat.mp4** · next try <t:1767268830:R> · {TAIL}\nThe site is down.",
        ),
        (
            {"available_at": "2026-01-01 11:59:30", "error": "The site is down."},
            0,
            f"⏳ **cat.mp4** · waits, next in line · {TAIL}\nThe site is down.",
        ),
        ({"available_at": "2026-01-01 12:00:30"}, 0, f"⏳ **cat.mp4** · starts <t:1767268830:R> · {TAIL}"),
        ({"status": Status.EXTRACTING}, None, f"🔎 **cat.mp4** · looking for the media\n{TAIL}"),
        (
            {
                "status": Status.DOWNLOADING,
                "title": "Funny cat",
                "progress": 35.0,
                "download_speed": 1_258_291,
                "eta_seconds": 45,
                "file_size": 10 * MIB,
                "downloaded_bytes": 3_670_016,
                "activity": "fetching",
            },
            None,
            "⬇️ **Funny cat**\n`[======>             ]` 35% · 1.2 MB/s · 45 s left\n"
            f"3.5 MB of 10.0 MB · fetching\n{TAIL}",
        ),
        (
            {"status": Status.DOWNLOADING},
            None,
            f"⬇️ **cat.mp4**\n`[                    ]` 0%\ndownloading\n{TAIL}",
        ),
        (
            {"status": Status.DOWNLOADED, "file_size": MIB},
            None,
            f"📦 **cat.mp4** is ready to be sent · 1.0 MB · {TAIL}",
        ),
        (
            {"status": Status.UPLOADING, "activity": "compressing 2/3", "file_size": MIB, "progress": 40.0},
            None,
            f"📤 **cat.mp4**\n`[=======>            ]` 40% · compressing 2/3 · 1.0 MB\n{TAIL}",
        ),
        (
            {"status": Status.UPLOADING, "file_size": MIB, "progress": 100.0},
            None,
            f"📤 **cat.mp4**\nuploading · 1.0 MB\n{TAIL}",
        ),
        (
            {
                "status": Status.UPLOADED,
                "file_size": 2_411_725,
                "started_at": "2026-01-01 12:00:00",
                "finished_at": "2026-01-01 12:00:45",
            },
            None,
            f"✅ **cat.mp4** · 2.3 MB in 45 s · {TAIL}",
        ),
        ({"status": Status.UPLOADED}, None, f"✅ **cat.mp4** · {TAIL}"),
        (
            {
                "status": Status.DOWNLOADED,
                "upload": False,
                "file_size": MIB,
                "started_at": "2026-01-01 12:00:00",
                "downloaded_at": "2026-01-01 12:02:00",
            },
            None,
            f"💾 **cat.mp4** is kept on the bot's machine · 1.0 MB in 2 min · {TAIL}",
        ),
        (
            {"status": Status.FAILED, "error": "The transfer failed.", "error_kind": "TransferError"},
            None,
            f"❌ **cat.mp4** · {TAIL}\nThe transfer failed.\n"
            "Ask again with `/download`, or ask an admin to retry number 12.",
        ),
        (
            {"status": Status.FAILED, "error": "It is private.", "error_kind": "LoginRequired"},
            None,
            f"❌ **cat.mp4** · {TAIL}\nIt is private.",
        ),
        (
            {"status": Status.FAILED, "error": "Too big.", "error_kind": "FileTooLarge", "failed_stage": "upload"},
            None,
            f"❌ **cat.mp4** · {TAIL}\nToo big.\nThe files are kept. An admin can send them again by number: 12.",
        ),
        (
            {"status": Status.FAILED, "error_kind": "os"},
            None,
            f"❌ **cat.mp4** · {TAIL}\nIt failed for an unknown reason.\n"
            "Ask again with `/download`, or ask an admin to retry number 12.",
        ),
        ({"status": Status.CANCELLED}, None, f"🚫 **cat.mp4** was cancelled · {TAIL}"),
        (
            {"status": Status.DOWNLOADING, "cancelled": True},
            None,
            f"🛑 **cat.mp4** is being cancelled · {TAIL}",
        ),
        (
            {"paused": True, "progress": 50.0},
            None,
            f"⏸️ **cat.mp4** is paused · {TAIL}\n`[=========>          ]` 50%",
        ),
    ],
)
def test_the_card_says_what_happens_now(values: dict[str, Any], ahead: int | None, shown: str) -> None:
    assert card(a_download(**values), ahead=ahead, now=NOW) == shown


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("upload", [True, False])
def test_no_card_is_longer_than_a_message_or_pings_by_its_texts(status: Status, upload: bool) -> None:
    hostile = "@everyone\n```<@1> \u202e" + "https://evil.example/" * 200
    download = a_download(
        status=status, upload=upload, title=hostile, error=hostile, activity=hostile, url="https://" + hostile
    )
    shown = card(download, ahead=3, now=NOW)
    assert len(shown) < 2000
    assert "\u202e" not in shown
    assert " @everyone" not in shown.replace("\n", " ")
    assert "https://evil" not in shown
    assert len(line(download, ahead=3)) < 600


@pytest.mark.parametrize(
    ("url", "title", "called"),
    [
        ("https://media.example/clips/cat%20one.mp4?token=1", None, "cat one.mp4"),
        ("https://www.video.example/watch?v=1", None, "video.example"),
        ("https://media.example/", "\u200b\u202e", "media.example"),
        ("https://media.example/", "Cats", "Cats"),
        ("magnet:?xt=urn:btih:abc", None, "torrent"),
        ("https://[broken/clip.mp4", None, "unknown"),
        ("ftp://media.example/a/b.iso", None, "b.iso"),
    ],
)
def test_a_download_is_called_by_its_title_or_by_what_the_url_tells(url: str, title: str | None, called: str) -> None:
    assert bare_name(a_download(url=url, title=title)) == called


def test_a_name_that_shows_nothing_becomes_the_number() -> None:
    assert name(a_download(url="https://media.example/%E2%80%8B.%E2%80%8B")) == "."
    assert name(a_download(url="x", extractor="\u200b")) == "download 12"


def test_the_site_of_a_torrent_is_no_host() -> None:
    assert site(a_download(url="MAGNET:?xt=urn:btih:abc")) == "torrent"


@pytest.mark.parametrize(
    ("values", "ahead", "shown"),
    [
        ({}, 2, "⏳ `#12` **cat.mp4** · waits, 2 ahead of it · for <@77>"),
        (
            {"status": Status.DOWNLOADING, "progress": 35.0},
            None,
            "⬇️ `#12` **cat.mp4** · `[==>       ]` 35% · for <@77>",
        ),
        ({"user_id": None, "status": Status.CANCELLED}, None, "🚫 `#12` **cat.mp4** · cancelled"),
    ],
)
def test_a_line_of_a_list_is_short(values: dict[str, Any], ahead: int | None, shown: str) -> None:
    assert line(a_download(**values), ahead=ahead) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"status": Status.EXTRACTING}, "extracting"),
        ({"status": Status.DOWNLOADED}, "ready to be sent"),
        ({"status": Status.DOWNLOADED, "upload": False}, "kept on the bot's machine"),
        ({"status": Status.UPLOADED}, "delivered"),
        ({"status": Status.UPLOADED, "file_size": MIB}, "1.0 MB"),
        ({"status": Status.FAILED, "error": "It is *private*."}, r"It is \*private\*."),
        ({"status": Status.UPLOADING, "activity": "sending"}, "sending"),
        ({"paused": True}, "paused"),
        ({"cancelled": True}, "is being cancelled"),
    ],
)
def test_the_state_is_a_few_words(values: dict[str, Any], shown: str) -> None:
    assert state(a_download(**values)) == shown


LIST = a_download(status=Status.DOWNLOADED, upload=False, title="My list", activity="12 downloads")
FAILURE = a_download(id=13, parent_id=12, status=Status.FAILED, title="Film *2*", error="This media is private.")


@pytest.mark.parametrize(
    ("batch", "shown"),
    [
        (Batch(12, 0, 0, 0), f"📃 **Playlist: My list**, 12 downloads\n`[                    ]` 0% · 12 left\n{TAIL}"),
        (
            Batch(12, 3, 0, 0),
            f"📃 **Playlist: My list**, 12 downloads\n`[====>               ]` 25% · 3 done · 9 left\n{TAIL}",
        ),
        (Batch(1, 1, 0, 0), f"✅ **Playlist: My list**, 1 download\n1 done\n{TAIL}"),
        (Batch(3, 0, 0, 3), f"🚫 **Playlist: My list**, 3 downloads\n3 cancelled\n{TAIL}"),
    ],
)
def test_a_playlist_tells_how_far_its_entries_are(batch: Batch, shown: str) -> None:
    assert list_card(LIST, batch) == shown


def test_a_playlist_names_what_failed_and_the_next_step() -> None:
    failed = "❌ `#13` Film \\*2\\*: This media is private."
    moving = list_card(LIST, Batch(3, 1, 1, 0), [FAILURE])
    assert moving.splitlines()[2:] == [failed, TAIL]
    over = list_card(LIST, Batch(3, 1, 1, 1), [FAILURE])
    assert over.splitlines()[1:] == [
        "1 done · 1 failed · 1 cancelled",
        failed,
        "Ask an admin to retry number 12.",
        TAIL,
    ]


def test_a_playlist_is_one_line_of_a_list() -> None:
    assert line(LIST, batch=Batch(3, 1, 0, 0)) == "📃 `#12` **My list** · 1 done · 2 left · for <@77>"
    assert line(LIST, batch=Batch(3, 0, 3, 0)).startswith("❌ `#12` **My list** · 3 failed")


def test_why_a_download_waits_for_its_site_is_told() -> None:
    waits = a_download(available_at="2026-01-01 12:00:30", activity="waits: 2 downloads are running from youtube")
    assert card(waits, ahead=0, now=NOW).splitlines()[1] == "waits: 2 downloads are running from youtube"
