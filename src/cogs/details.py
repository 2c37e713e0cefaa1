"""What the button ℹ tells of a download: where it stands, what is planned, what went wrong, and its history."""  # noqa: RUF002  (the button's sign)

from collections.abc import Sequence
from datetime import UTC, datetime

from cogs.cards import icon, state
from cogs.language import ENGLISH, Language
from cogs.names import link, name, site
from cogs.plan_words import planned
from cogs.remedies import remedy_of
from cogs.texts import at_most, duration, plain, size
from core.models import Download, MediaFile, Status
from core.queries import Event

EVENTS = 12  # the latest
FILES = 5


def details(download: Download, events: Sequence[Event], files: Sequence[MediaFile], *, t: Language = ENGLISH) -> str:
    """The text, of at most 2000 characters.

    Args:
        download: the row.
        events: its history, oldest first.
        files: as they were fetched.
        t: the language.
    """
    failed = download.status is Status.FAILED
    facts = [
        f"{icon(download)} **{name(download)}** · #{download.id}",
        state(download, t=t),
        t(remedy_of(download).who) if failed else None,
        _fact(t("Link"), link(download) or site(download)),
        _fact(t("By"), plain(download.author, 60) if download.author else None),
        _fact(t("Length"), duration(download.duration_seconds) if download.duration_seconds else None),
        _fact(t("Size"), size(download.file_size, t) if download.file_size is not None else None),
        planned(download, download.upload_limit_bytes, t=t),
        _fact(t("Asked"), _options(download)),
        _fact(t("Tries"), str(download.attempts + 1) if download.attempts else None),
        *[f"{SIGN} {plain(file.path.rpartition('/')[2], 60)}, {size(file.bytes, t)}" for file in files[:FILES]],
        t.plural("… and {count} more", "… and {count} more", len(files) - FILES) if len(files) > FILES else None,
        *[_event(event) for event in events[-EVENTS:]],
    ]
    return at_most([fact for fact in facts if fact])


SIGN = "📄"


def _fact(label: str, value: str | None) -> str | None:
    return f"{label}: {value}" if value else None


def _options(download: Download) -> str | None:
    """What was wished for, as it was typed."""
    told = [f"{plain(str(name), 20)}={plain(str(value), 30)}" for name, value in download.options.items()]
    return ", ".join(told[:8]) or None


def _event(event: Event) -> str:
    at = int(datetime.fromisoformat(event.at).replace(tzinfo=UTC).timestamp())
    note = f" · {plain(event.note, 100)}" if event.note else ""
    return f"-# <t:{at}:T> {event.moved_to}{note}"
