"""A download as a member sees it: the text of its one message, and its line in a list. Pure functions."""

from collections.abc import Sequence
from datetime import UTC, datetime

import core.errors
from cogs.names import name, site
from cogs.texts import bar, duration, plain, size
from core.models import Batch, Download, Status

ICONS = {
    Status.PENDING: "⏳",
    Status.EXTRACTING: "🔎",
    Status.DOWNLOADING: "⬇️",
    Status.DOWNLOADED: "📦",
    Status.UPLOADING: "📤",
    Status.UPLOADED: "✅",
    Status.FAILED: "❌",
    Status.CANCELLED: "🚫",
}
KEPT, PAUSED, ENDING, LIST = "💾", "⏸️", "🛑", "📃"
LINE_TITLE = 60  # characters


def card(download: Download, *, ahead: int | None = None, now: datetime | None = None) -> str:
    """The text of the message that shows a download.

    Args:
        download: what is shown.
        ahead: how many wait before it, when it waits and that is known.
        now: the present, in UTC.
    """
    head = f"{icon(download)} **{name(download)}**"
    tail = _joined(site(download), requester(download), f"#{download.id}")
    if download.is_over:
        return _outcome(download, head, tail)
    if download.cancelled:
        return f"{head} is being cancelled · {tail}"
    if download.paused:
        return _lines(f"{head} is paused · {tail}", bar(download.progress) if download.progress else None)
    match download.status:
        case Status.PENDING:
            return _waiting(download, head, tail, ahead, now or datetime.now(UTC))
        case Status.DOWNLOADED:
            return f"{head} is ready to be sent · {_joined(_size(download), tail)}"
        case Status.UPLOADING:
            moves = bar(download.progress) if 0 < download.progress < 100 else None
            return _lines(head, _joined(moves, _activity(download, "uploading"), _size(download)), tail)
        case Status.DOWNLOADING:
            speed = f"{size(download.download_speed)}/s" if download.download_speed else None
            left = f"{duration(download.eta_seconds)} left" if download.eta_seconds is not None else None
            return _lines(
                head,
                _joined(bar(download.progress), speed, left),
                _joined(_bytes(download), _activity(download, "downloading")),
                tail,
            )
        case _:
            return _lines(f"{head} · {_activity(download, 'looking for the media')}", tail)


def list_card(download: Download, batch: Batch, failures: Sequence[Download] = ()) -> str:
    """The text of the message that shows a playlist and how far its entries are.

    Args:
        download: the playlist.
        batch: the numbers.
        failures: some of its entries that failed.
    """
    counted = "1 download" if batch.total == 1 else f"{batch.total} downloads"
    head = f"{list_icon(batch)} **Playlist: {name(download)}**, {counted}"
    over = 100 * (batch.total - batch.left) / batch.total
    sign = ICONS[Status.FAILED]
    return _lines(
        head,
        _joined(bar(over) if batch.left else None, list_state(batch)),
        *[f"{sign} `#{one.id}` {name(one, LINE_TITLE)}: {plain(one.error or '', 150)}" for one in failures],
        f"Ask an admin to retry number {download.id}." if batch.failed and not batch.left else None,
        _joined(site(download), requester(download), f"#{download.id}"),
    )


def line(download: Download, *, ahead: int | None = None, batch: Batch | None = None) -> str:
    """One line for a list of downloads; `batch` if it is a playlist."""
    sign, told = (list_icon(batch), list_state(batch)) if batch else (icon(download), state(download, ahead=ahead))
    return _joined(f"{sign} `#{download.id}` **{name(download, LINE_TITLE)}**", told, requester(download))


def list_state(batch: Batch) -> str:
    """How far the entries of a playlist are."""
    counts = ((batch.done, "done"), (batch.failed, "failed"), (batch.cancelled, "cancelled"), (batch.left, "left"))
    return _joined(*[f"{count} {word}" for count, word in counts if count])


def list_icon(batch: Batch) -> str:
    """The sign of where a playlist stands."""
    if batch.left:
        return LIST
    return ICONS[Status.UPLOADED if batch.done else Status.FAILED if batch.failed else Status.CANCELLED]


def state(download: Download, *, ahead: int | None = None) -> str:
    """Where a download stands, in a few words."""
    if not download.is_over and (download.cancelled or download.paused):
        return "is being cancelled" if download.cancelled else "paused"
    match download.status:
        case Status.PENDING:
            return _place(ahead)
        case Status.DOWNLOADING:
            return bar(download.progress, cells=10)
        case Status.DOWNLOADED:
            return "kept on the bot's machine" if download.is_over else "ready to be sent"
        case Status.UPLOADED:
            return _figures(download) or "delivered"
        case Status.FAILED:
            return plain(download.error or "failed", 200)
        case Status.CANCELLED:
            return "cancelled"
        case _:
            return _activity(download, download.status.value)


def icon(download: Download) -> str:
    """The sign of where a download stands."""
    if download.is_over:
        return KEPT if download.status is Status.DOWNLOADED else ICONS[download.status]
    return ENDING if download.cancelled else PAUSED if download.paused else ICONS[download.status]


def requester(download: Download) -> str | None:
    """Who asked, as a mention that pings nobody."""
    return f"for <@{download.user_id}>" if download.user_id else None


def _outcome(download: Download, head: str, tail: str) -> str:
    match download.status:
        case Status.FAILED:
            error = plain(download.error or "It failed for an unknown reason.", 500)
            return _lines(f"{head} · {tail}", error, _advice(download))
        case Status.CANCELLED:
            return f"{head} was cancelled · {tail}"
        case Status.DOWNLOADED:
            return f"{head} is kept on the bot's machine · {_joined(_figures(download), tail)}"
        case _:
            return f"{head} · {_joined(_figures(download), tail)}"


def _advice(download: Download) -> str | None:
    """The next step, where another try may end otherwise."""
    if download.failed_stage == "upload":
        return f"The files are kept. An admin can send them again by number: {download.id}."
    error = getattr(core.errors, download.error_kind or "", None)
    if isinstance(error, type) and issubclass(error, core.errors.BossBotError) and not error.transient:
        return None
    return f"Ask again with `/download`, or ask an admin to retry number {download.id}."


def _waiting(download: Download, head: str, tail: str, ahead: int | None, now: datetime) -> str:
    due = datetime.fromisoformat(download.available_at).replace(tzinfo=UTC) if download.available_at else None
    error = plain(download.error, 300) if download.error else None
    if due is not None and due > now:
        when = f"<t:{int(due.timestamp())}:R>"  # Discord's client counts down by itself
        why = error or (plain(download.activity, 200) if download.activity else None)
        return _lines(f"{head} · {'next try' if error else 'starts'} {when} · {tail}", why)
    return _lines(f"{head} · {_place(ahead)} · {tail}", error)


def _place(ahead: int | None) -> str:
    if ahead is None:
        return "waits"
    return f"waits, {ahead} ahead of it" if ahead else "waits, next in line"


def _figures(download: Download) -> str | None:
    ended = download.finished_at or download.downloaded_at
    if ended is None or download.started_at is None:
        return _size(download)
    taken = datetime.fromisoformat(ended) - datetime.fromisoformat(download.started_at)
    spent = duration(taken.total_seconds())
    total = _size(download)
    return f"{total} in {spent}" if total else f"in {spent}"


def _size(download: Download) -> str | None:
    return None if download.file_size is None else size(download.file_size)


def _bytes(download: Download) -> str | None:
    total = _size(download)
    if not download.downloaded_bytes:
        return total
    return f"{size(download.downloaded_bytes)} of {total}" if total else size(download.downloaded_bytes)


def _activity(download: Download, otherwise: str) -> str:
    return plain(download.activity, 80) if download.activity else otherwise


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)
