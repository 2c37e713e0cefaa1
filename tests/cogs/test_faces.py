"""Which controls a card has at each point of a download's life, and how Discord is told to draw it."""

from typing import Any

import pytest

import core.errors
from cogs.actions import LOOKS, Action
from cogs.faces import Face, Taste, face_of
from cogs.layouts import layout
from cogs.list_faces import CHECKLIST, HANDFUL, list_face_of
from cogs.plan_words import chosen, lower_quality, offered
from cogs.remedies import BY_KIND, remedy_of
from core.errors import BossBotError
from core.models import Batch, Download, Status
from tests.cogs.rows import a_download
from tests.support.discord_server.components import walk
from tests.support.discord_server.limits import check_message
from tests.support.discord_server.messages import Flag

P, R, C, INFO, A = Action.PAUSE, Action.RESUME, Action.CANCEL, Action.INFO, Action.RETRY
PICTURE = "https://pictures.example/cat.jpg"
PLAN = {"height": 720, "bytes": 1000, "heights": [1072, 720, 480]}


def components_of(face: Face) -> list[dict[str, Any]]:
    return list(layout(face).to_components())  # type: ignore[no-untyped-call]  # the library's


def drawn(download: Download) -> list[dict[str, Any]]:
    components = components_of(face_of(download))
    check_message({"components": components, "flags": int(Flag.COMPONENTS_V2)})
    return list(walk(components))


@pytest.mark.parametrize(
    ("values", "buttons"),
    [
        ({}, (P, C, INFO)),
        ({"status": Status.EXTRACTING}, (P, C, INFO)),
        ({"status": Status.DOWNLOADING}, (P, C, INFO)),
        ({"status": Status.DOWNLOADED}, (P, C, INFO)),
        ({"status": Status.UPLOADING}, (P, C, INFO)),
        ({"paused": True}, (R, C, INFO)),
        ({"status": Status.DOWNLOADING, "cancelled": True}, (INFO,)),
        ({"status": Status.UPLOADED}, (INFO,)),
        ({"status": Status.DOWNLOADED, "upload": False}, (INFO,)),
        ({"status": Status.CANCELLED}, (A,)),
        ({"status": Status.FAILED, "error_kind": "TransferError"}, (A, Action.HELP, INFO)),
        ({"status": Status.FAILED, "error_kind": "DrmProtected"}, (INFO,)),
        ({"status": Status.FAILED, "error_kind": "TooLarge"}, (Action.LOWER, Action.AUDIO, Action.HELP, INFO)),
    ],
)
def test_the_buttons_are_those_that_can_do_something(values: dict[str, Any], buttons: tuple[Action, ...]) -> None:
    download = a_download(**values)
    assert tuple(one.action for one in face_of(download).buttons) == buttons
    ids = [one["custom_id"] for one in drawn(download) if one["type"] == 2]
    assert ids == [f"bb:{action}:12" for action in buttons]


@pytest.mark.parametrize(
    ("kind", "buttons", "who"),
    [
        ("PrivateMedia", (Action.HELP,), "Only its owner"),
        ("RemovedMedia", (), "Nobody can bring it back"),
        ("LoginRequired", (Action.HELP,), "admin can add a login"),
        ("GeoRestricted", (Action.HELP,), "another country"),
        ("AgeRestricted", (Action.HELP,), "admin can add a login"),
        ("LiveNotSupported", (A,), "when the stream is over"),
        ("DrmProtected", (), "Nobody can change that"),
        ("TooLarge", (Action.LOWER, Action.AUDIO, Action.HELP), "a moderator for a higher limit"),
        ("FileTooLarge", (Action.LOWER, Action.AUDIO, Action.HELP), "lower quality"),
        ("SiteBlocks", (A, Action.HELP), "often works later"),
        ("RateLimited", (A,), "in an hour"),
        ("SourceUnreachable", (A, Action.HELP), "You can try again"),
        ("DiskFull", (A, Action.HELP), "make room"),
        ("QuotaExceeded", (Action.HELP,), "tomorrow"),
        ("UnsupportedUrl", (), "Send a link"),
        ("ForbiddenTarget", (), "public site"),
        ("DestinationForbidden", (A, Action.HELP), "A moderator can give"),
        ("SendFailed", (A, Action.HELP), "sent again"),
        ("Unexpected", (A, Action.HELP), "in the log"),
        ("os", (A, Action.HELP), "in the log"),
        (None, (A, Action.HELP), "in the log"),
    ],
)
def test_each_failure_says_who_can_do_something_and_has_the_button(
    kind: str | None, buttons: tuple[Action, ...], who: str
) -> None:
    remedy = remedy_of(a_download(status=Status.FAILED, error_kind=kind))
    assert remedy.actions == buttons
    assert who in remedy.who


def test_what_is_too_long_is_not_helped_by_a_smaller_picture_first() -> None:
    long = a_download(status=Status.FAILED, error_kind="FileTooLarge", duration_seconds=7200.0)
    assert remedy_of(long).actions[0] is Action.AUDIO
    assert "`clip`" in remedy_of(long).who


def test_the_table_of_remedies_names_real_errors_and_each_has_one() -> None:
    errors = {
        name for name, one in vars(core.errors).items() if isinstance(one, type) and issubclass(one, BossBotError)
    }
    assert set(BY_KIND) <= errors
    assert all(remedy_of(a_download(error_kind=name)).who for name in errors)
    assert set(LOOKS) == set(Action)


def test_what_is_over_is_one_line_with_one_button() -> None:
    (section,) = components_of(face_of(a_download(status=Status.UPLOADED)))
    assert section["type"] == 9
    assert "\n" not in section["components"][0]["content"]
    assert section["accessory"]["custom_id"] == "bb:info:12"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (PICTURE, True),
        (None, False),
        ("file:///etc/passwd", False),
        ("https://user:secret@pictures.example/a.jpg", False),
        ("https://localhost/a.jpg", False),
        ("https://pictures.example/a b.jpg", False),
        ("https://[broken/a.jpg", False),
        (f"https://pictures.example/{'a' * 3000}", False),
    ],
)
def test_a_thumbnail_has_an_address_that_discord_takes_and_a_text(url: str | None, shown: bool) -> None:
    pictures = [one for one in drawn(a_download(thumbnail_url=url, title="A cat")) if one["type"] == 11]
    assert [(one["media"]["url"], one["description"]) for one in pictures] == ([(url, "A cat")] if shown else [])


def test_a_spoiler_hides_its_thumbnail() -> None:
    (picture,) = (
        one for one in drawn(a_download(thumbnail_url=PICTURE, options={"spoiler": True})) if one["type"] == 11
    )
    assert picture["spoiler"]


def test_another_quality_is_offered_while_it_can_be_fetched() -> None:
    download = a_download(status=Status.DOWNLOADING, download_plan=PLAN)
    assert offered(download) == ("best", "1080p", "720p", "480p", "audio")
    (menu,) = (one for one in drawn(download) if one["type"] == 3)
    assert [one["value"] for one in menu["options"] if one.get("default")] == ["best"]
    assert face_of(a_download(status=Status.UPLOADING, download_plan=PLAN)).choices is None
    assert face_of(a_download(download_plan=PLAN, cancelled=True)).choices is None
    assert offered(a_download(download_plan={"height": "many"})) == ()


@pytest.mark.parametrize(
    ("options", "plan", "now", "lower"),
    [
        ({}, PLAN, "best", "480p"),
        ({"quality": "480p"}, PLAN, "480p", "360p"),
        ({"quality": "900p"}, PLAN, "720p", "480p"),
        ({"audio": True}, PLAN, "audio", "480p"),
        ({"quality": "best"}, {}, "best", "720p"),
        ({"quality": "144p"}, {}, "best", "worst"),
    ],
)
def test_the_next_lower_quality(options: dict[str, Any], plan: dict[str, Any], now: str, lower: str) -> None:
    download = a_download(options=options, download_plan=plan)
    assert (chosen(download), lower_quality(download)) == (now, lower)


def entries(count: int, **values: Any) -> list[Download]:
    return [a_download(id=100 + number, parent_id=12, title=f"Film {number}", **values) for number in range(count)]


LIST = a_download(status=Status.DOWNLOADED, upload=False, title="My list", thumbnail_url=PICTURE)


def test_a_short_list_is_a_checklist_with_a_button_for_each_entry() -> None:
    states = [Status.UPLOADED, Status.FAILED, Status.DOWNLOADING, Status.PENDING, Status.CANCELLED]
    rows = [a_download(id=100 + n, parent_id=12, title=f"Film {n}", status=one) for n, one in enumerate(states)]
    face = list_face_of(LIST, Batch(5, 1, 1, 1), rows)
    assert [one.press.action for one in face.entries] == [INFO, A, C, C, A]
    assert [one.text.split("`")[0].strip() for one in face.entries] == ["✅", "❌", "⬇️", "⏳", "🚫"]
    assert [one.action for one in face.buttons] == [C, A, INFO]
    assert face.menu is None


def test_a_long_list_names_what_moves_and_what_failed_and_has_a_menu() -> None:
    rows = [*entries(40), a_download(id=7, parent_id=12, title="Broken", status=Status.FAILED)]
    face = list_face_of(LIST, Batch(41, 0, 1, 0), rows)
    lines = face.text.splitlines()
    assert "`#7` Broken" in lines[2]
    assert lines[2 + CHECKLIST] == f"… and {41 - CHECKLIST} more"
    assert face.entries == ()
    assert face.menu is not None
    assert face.menu.entries[0] == (7, "Broken")
    assert len(face.menu.entries) == 25
    with_thread = list_face_of(
        a_download(status=Status.DOWNLOADED, upload=False, thread_id=99), Batch(9, 0, 0, 0), rows
    )
    assert "The files are in <#99>." in with_thread.text


@pytest.mark.parametrize("count", [1, HANDFUL, HANDFUL + 1, 300])
def test_no_list_is_larger_than_discord_takes(count: int) -> None:
    rows = entries(count, status=Status.FAILED, error="*" * 500)
    long = a_download(status=Status.DOWNLOADED, upload=False, title="@everyone " * 90, thumbnail_url=PICTURE)
    components = components_of(list_face_of(long, Batch(count, 0, count, 0), rows, taste=Taste()))
    check_message({"components": components, "flags": int(Flag.COMPONENTS_V2)})
    shown = list(walk(components))
    assert len(shown) <= 40
    assert sum(len(one["content"]) for one in shown if one["type"] == 10) <= 4000
