"""What a member reads at each point of a download's life."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cogs.cards import card, entry_line, line, list_card, state
from cogs.names import bare_name, name, site
from core.models import Batch, SameBy, Status
from core.preferences import BarStyle, Notify
from tests.cogs.rows import a_download

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
ABOUT = "media.example · for <@77> · #12"
TAIL = f"-# {ABOUT}"
MIB = 1024**2
PLAN = {"height": 720, "bytes": 18 * MIB, "seconds": 212.0, "files": 1, "heights": [1080, 720, 480]}


@pytest.mark.parametrize(
    ("values", "waits", "shown"),
    [
        ({}, {}, f"⏳ **cat.mp4**\nwaits\n{TAIL}"),
        ({}, {"ahead": 0}, f"⏳ **cat.mp4**\nwaits, next in line\n{TAIL}"),
        ({}, {"ahead": 0, "starts_in": 0.0}, f"⏳ **cat.mp4**\nwaits, next in line · starts now\n{TAIL}"),
        (
            {},
            {"ahead": 3, "starts_in": 170.0},
            f"⏳ **cat.mp4**\nwaits, 3 ahead of it · starts in about 3 min\n{TAIL}",
        ),
        (
            {"download_plan": PLAN},
            {"ahead": 3, "limit": 20 * MIB},
            "⏳ **cat.mp4**\nwaits, 3 ahead of it\n"
            f"Planned: 720p, about 18.0 MB of 20.0 MB, 3 min 32 s, one file\n{TAIL}",
        ),
        (
            {"available_at": "2026-01-01 12:00:30", "error": "The site is down."},
            {"ahead": 0},
            f"⏳ **cat.mp4**\nnext try <t:1767268830:R>\nThe site is down.\n{TAIL}",
        ),
        (
            {"available_at": "2026-01-01 11:59:30", "error": "The site is down."},
            {"ahead": 0},
            f"⏳ **cat.mp4**\nwaits, next in line\nThe site is down.\n{TAIL}",
        ),
        ({"available_at": "2026-01-01 12:00:30"}, {}, f"⏳ **cat.mp4**\nstarts <t:1767268830:R>\n{TAIL}"),
        (
            {
                "available_at": "2026-01-01 13:00:00",
                "activity": "the same media is being fetched as #12",
                "waits_for": 12,
            },
            {},
            f"⏳ **cat.mp4**\nwaits\nthe same media is being fetched as #12\n{TAIL}",
        ),
        ({"status": Status.EXTRACTING}, {}, f"🔎 **cat.mp4**\nlooking for the media\n{TAIL}"),
        (
            {"status": Status.DOWNLOADING, "title": "A *cat*", "user_id": None},
            {},
            "⬇️ **A \\*cat\\***\n`[                    ]` 0%\ndownloading\n-# media.example · #12",
        ),
        (
            {
                "status": Status.DOWNLOADING,
                "progress": 35.4,
                "downloaded_bytes": 2 * MIB,
                "file_size": 6 * MIB,
                "download_speed": MIB,
                "eta_seconds": 4,
                "activity": "merging",
            },
            {},
            f"⬇️ **cat.mp4**\n`[======>             ]` 35% · 1.0 MB/s · 4 s left\n2.0 MB of 6.0 MB · merging\n{TAIL}",
        ),
        (
            {"status": Status.DOWNLOADED, "file_size": MIB},
            {},
            f"📦 **cat.mp4**\nready to be sent · 1.0 MB\n{TAIL}",
        ),
        (
            {
                "status": Status.UPLOADING,
                "progress": 40.0,
                "activity": "compressing 2/3: 720p, 9.6 MiB",
                "upload_plan": {
                    "limit": 20 * MIB,
                    "files": [{"step": "compress", "says": "about 720p", "parts": 2, "predicted_bytes": 19 * MIB}],
                },
            },
            {},
            "📤 **cat.mp4**\n`[=======>            ]` 40% · compressing 2/3: 720p, 9.6 MiB\n"
            f"Made to fit: 19.0 MB of 20.0 MB, about 720p, 2 files\n{TAIL}",
        ),
        (
            {"status": Status.UPLOADING, "upload_plan": {"limit": MIB, "files": [{"step": "as is"}]}},
            {},
            f"📤 **cat.mp4**\nuploading\n{TAIL}",
        ),
        (
            {
                "status": Status.UPLOADED,
                "file_size": int(2.3 * MIB),
                "started_at": "2026-01-01 12:00:00",
                "finished_at": "2026-01-01 12:00:45",
            },
            {},
            f"✅ **cat.mp4** · 2.3 MB in 45 s · {ABOUT}",
        ),
        ({"status": Status.UPLOADED}, {}, f"✅ **cat.mp4** · {ABOUT}"),
        (
            {"status": Status.UPLOADED, "same_by": SameBy.LINK, "same_url": "https://discord.com/channels/5/6/1"},
            {},
            f"✅ **cat.mp4** · {ABOUT}\nIt was posted here already: https://discord.com/channels/5/6/1. "
            "Ask with force=yes to have it anew.",
        ),
        (
            {"status": Status.UPLOADING, "same_by": SameBy.LOOKS, "same_url": "https://discord.com/channels/5/6/1"},
            {},
            f"📤 **cat.mp4**\nuploading\n-# Looks the same as https://discord.com/channels/5/6/1.\n{TAIL}",
        ),
        (
            {"status": Status.UPLOADED, "same_by": SameBy.BYTES, "same_url": "https://discord.com/channels/5/6/1"},
            {},
            f"✅ **cat.mp4** · {ABOUT}\n-# Is the same as https://discord.com/channels/5/6/1.",
        ),
        (
            {
                "status": Status.DOWNLOADED,
                "upload": False,
                "file_size": MIB,
                "started_at": "2026-01-01 12:00:00",
                "downloaded_at": "2026-01-01 12:02:00",
            },
            {},
            f"💾 **cat.mp4** is kept on the bot's machine · 1.0 MB in 2 min · {ABOUT}",
        ),
        (
            {"status": Status.FAILED, "error": "The transfer failed.", "error_kind": "TransferError"},
            {},
            "❌ **cat.mp4**\nThe transfer failed.\n"
            f"-# You can try again; nothing that is here already is fetched twice.\n{TAIL}",
        ),
        (
            {"status": Status.FAILED, "error_kind": "os"},
            {},
            "❌ **cat.mp4**\nIt failed for an unknown reason.\n"
            f"-# You can try again. The bot's admin finds the details in the log.\n{TAIL}",
        ),
        ({"status": Status.CANCELLED}, {}, f"🚫 **cat.mp4** was cancelled · {ABOUT}"),
        (
            {"status": Status.DOWNLOADING, "cancelled": True},
            {},
            f"🛑 **cat.mp4** is being cancelled\n{TAIL}",
        ),
        (
            {"paused": True, "progress": 50.0},
            {},
            f"⏸️ **cat.mp4** is paused\n`[=========>          ]` 50%\n{TAIL}",
        ),
    ],
)
def test_the_card_says_what_happens_now(values: dict[str, Any], waits: dict[str, Any], shown: str) -> None:
    assert card(a_download(**values), now=NOW, **waits) == shown


MOVING = {"status": Status.DOWNLOADING, "progress": 50.0, "activity": "merging", "extractor": "youtube", "attempts": 1}


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (Notify.NONE, f"⬇️ **cat.mp4** is being fetched\n{TAIL}"),
        (Notify.MINIMAL, f"⬇️ **cat.mp4** is being fetched\n{TAIL}"),
        (Notify.NORMAL, f"⬇️ **cat.mp4**\n`[=========>          ]` 50%\nmerging\n{TAIL}"),
        (
            Notify.VERBOSE,
            f"⬇️ **cat.mp4**\n`[=========>          ]` 50%\nmerging\n-# found by youtube · try 2\n{TAIL}",
        ),
    ],
)
def test_the_level_decides_how_much_is_told(level: Notify, shown: str) -> None:
    assert card(a_download(**MOVING), now=NOW, level=level) == shown


def test_the_bar_is_drawn_as_the_member_likes_it() -> None:
    drawn = [card(a_download(**MOVING), style=style).splitlines()[1] for style in BarStyle]
    assert drawn == ["`[=========>          ]` 50%", "`██████████░░░░░░░░░░` 50%", "`●●●●●●●●●●○○○○○○○○○○` 50%"]


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
        (Batch(1, 1, 0, 0), f"✅ **Playlist: My list**, 1 download · all done · {ABOUT}"),
        (Batch(3, 0, 0, 3), f"🚫 **Playlist: My list**, 3 downloads\n3 cancelled\n{TAIL}"),
    ],
)
def test_a_playlist_tells_how_far_its_entries_are(batch: Batch, shown: str) -> None:
    assert list_card(LIST, batch) == shown


def test_a_playlist_names_what_failed() -> None:
    assert entry_line(FAILURE) == "❌ `#13` Film \\*2\\*: This media is private."
    assert list_card(LIST, Batch(3, 1, 1, 0), [FAILURE]).splitlines()[2:] == [entry_line(FAILURE), TAIL]


def test_a_playlist_is_one_line_of_a_list() -> None:
    assert line(LIST, batch=Batch(3, 1, 0, 0)) == "📃 `#12` **My list** · 1 done · 2 left · for <@77>"
    assert line(LIST, batch=Batch(3, 0, 3, 0)).startswith("❌ `#12` **My list** · 3 failed")


def test_why_a_download_waits_for_its_site_is_told() -> None:
    waits = a_download(available_at="2026-01-01 12:00:30", activity="waits: 2 downloads are running from youtube")
    assert card(waits, ahead=0, now=NOW).splitlines()[2] == "waits: 2 downloads are running from youtube"
