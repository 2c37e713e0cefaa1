"""A download as a member sees it: the text of its one message, and its line in a list. Pure functions."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cogs.language import ENGLISH, Language, later
from cogs.names import name, site
from cogs.plan_words import planned
from cogs.remedies import remedy_of
from cogs.texts import about, bar, duration, plain, size
from cogs.words import spoken
from core.models import Batch, Download, SameBy, Status
from core.preferences import BarStyle, Notify

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
SMALL = "-# "  # Discord shows the line in small print
TERSE = (Notify.NONE, Notify.MINIMAL)


def card(
    download: Download,
    *,
    ahead: int | None = None,
    starts_in: float | None = None,
    limit: int | None = None,
    now: datetime | None = None,
    t: Language = ENGLISH,
    style: BarStyle = BarStyle.STANDARD,
    level: Notify = Notify.NORMAL,
) -> str:
    """The text of the message that shows a download.

    Args:
        download: what is shown.
        ahead: how many are taken before it, when it waits and that is known.
        starts_in: in how many seconds it is expected to begin.
        limit: bytes that one file may have at the destination.
        now: the present, in UTC.
        t: the language.
        style: how the bar is drawn.
        level: how much the reader wants to know.
    """
    head = f"{icon(download)} **{name(download)}**"
    about_it = (site(download), requester(download, t=t), f"#{download.id}")
    tail = SMALL + _joined(*about_it)
    if download.is_over:
        return _outcome(download, head, about_it, t=t, level=level)
    if download.cancelled:
        return _lines(f"{head} {t('is being cancelled')}", tail)
    if download.paused:
        shown = bar(download.progress, style=style) if download.progress else None
        return _lines(f"{head} {t('is paused')}", shown, tail)
    details = SMALL + shown if level is Notify.VERBOSE and (shown := _details(download, t)) else None
    if download.status is Status.PENDING:
        told = _waiting(download, ahead, starts_in, now or datetime.now(UTC), t=t, level=level)
        return _lines(head, *told, planned(download, limit, t=t), details, tail)
    if level in TERSE:
        return _lines(f"{head} {t('is being fetched')}", tail)
    return _lines(head, *_moving(download, limit, t=t, style=style), details, tail)


def list_card(
    download: Download,
    batch: Batch,
    failures: Sequence[Download] = (),
    *,
    t: Language = ENGLISH,
    style: BarStyle = BarStyle.STANDARD,
) -> str:
    """The text of the message that shows a playlist and how far its entries are.

    Args:
        download: the playlist.
        batch: the numbers.
        failures: some of its entries that failed.
        t: the language.
        style: how the bar is drawn.
    """
    counted = t.plural("{count} download", "{count} downloads", batch.total)
    over = 100 * (batch.total - batch.left) / batch.total
    head = f"{list_icon(batch)} **{t('Playlist: {name}', name=name(download))}**, {counted}"
    if batch.done == batch.total:
        return _joined(head, t("all done"), site(download), requester(download, t=t), f"#{download.id}")
    return _lines(
        head,
        _joined(bar(over, style=style) if batch.left else None, list_state(batch, t=t)),
        *[entry_line(one, t=t) for one in failures],
        SMALL + _joined(site(download), requester(download, t=t), f"#{download.id}"),
    )


def entry_line(download: Download, *, t: Language = ENGLISH) -> str:
    """An entry in the checklist of a playlist."""
    told = state(download, t=t)
    if download.status is Status.FAILED:
        told = plain(t(download.error) if download.error else "", 150)
    return f"{icon(download)} `#{download.id}` {name(download, LINE_TITLE)}" + (f": {told}" if told else "")


def line(download: Download, *, ahead: int | None = None, batch: Batch | None = None, t: Language = ENGLISH) -> str:
    """One line for a list of downloads; `batch` if it is a playlist."""
    if batch is not None:
        sign, told = list_icon(batch), list_state(batch, t=t)
    else:
        sign, told = icon(download), state(download, ahead=ahead, t=t)
    return _joined(f"{sign} `#{download.id}` **{name(download, LINE_TITLE)}**", told, requester(download, t=t))


def list_state(batch: Batch, *, t: Language = ENGLISH) -> str:
    """How far the entries of a playlist are."""
    return _joined(
        t("{count} done", count=batch.done) if batch.done else None,
        t("{count} failed", count=batch.failed) if batch.failed else None,
        t("{count} cancelled", count=batch.cancelled) if batch.cancelled else None,
        t("{count} left", count=batch.left) if batch.left else None,
    )


def list_icon(batch: Batch) -> str:
    """The sign of where a playlist stands."""
    if batch.left:
        return LIST
    return ICONS[Status.UPLOADED if batch.done else Status.FAILED if batch.failed else Status.CANCELLED]


def state(download: Download, *, ahead: int | None = None, t: Language = ENGLISH) -> str:
    """Where a download stands, in a few words."""
    if not download.is_over and (download.cancelled or download.paused):
        return t("is being cancelled") if download.cancelled else t("paused")
    match download.status:
        case Status.PENDING:
            return _place(ahead, t)
        case Status.DOWNLOADING:
            return bar(download.progress, cells=10)
        case Status.DOWNLOADED:
            return t("kept on the bot's machine") if download.is_over else t("ready to be sent")
        case Status.UPLOADED:
            return figures(download, t=t) or t("delivered")
        case Status.FAILED:
            return plain(t(download.error) if download.error else t("failed"), 200)
        case Status.CANCELLED:
            return t("cancelled")
        case _:
            return spoken(download.activity or download.status.value, t)


def icon(download: Download) -> str:
    """The sign of where a download stands."""
    if download.is_over:
        return KEPT if download.status is Status.DOWNLOADED else ICONS[download.status]
    return ENDING if download.cancelled else PAUSED if download.paused else ICONS[download.status]


def requester(download: Download, *, t: Language = ENGLISH) -> str | None:
    """Who asked, as a mention that pings nobody."""
    return t("for {member}", member=f"<@{download.user_id}>") if download.user_id else None


def figures(download: Download, *, t: Language = ENGLISH) -> str | None:
    """How much it was and how long it took."""
    total = None if download.file_size is None else size(download.file_size, t)
    ended = download.finished_at or download.downloaded_at
    if ended is None or download.started_at is None:
        return total
    taken = datetime.fromisoformat(ended) - datetime.fromisoformat(download.started_at)
    spent = duration(taken.total_seconds())
    return t("{size} in {time}", size=total, time=spent) if total else t("in {time}", time=spent)


def _outcome(download: Download, head: str, about_it: Sequence[str | None], *, t: Language, level: Notify) -> str:
    details = SMALL + shown if level is Notify.VERBOSE and (shown := _details(download, t)) else None
    match download.status:
        case Status.FAILED:
            error = t(download.error) if download.error else t("It failed for an unknown reason.")
            who = SMALL + t(remedy_of(download).who)
            return _lines(head, plain(error, 500), who, details, SMALL + _joined(*about_it))
        case Status.CANCELLED:
            return f"{head} {_joined(t('was cancelled'), *about_it)}"
        case Status.DOWNLOADED:
            told = _joined(t("is kept on the bot's machine"), figures(download, t=t), *about_it)
            return _lines(f"{head} {told}", details)
        case _ if download.same_by is SameBy.LINK and download.same_url:
            told = t("It was posted here already: {link}. Ask with force=yes to have it anew.", link=download.same_url)
            return _lines(_joined(head, *about_it), told, details)
        case _:
            return _lines(_joined(head, figures(download, t=t), *about_it), same_words(download, t), details)


def same_words(download: Download, t: Language) -> str | None:
    """A hint at an earlier message with the same files, or with files that look the same."""
    if download.same_url is None or download.same_by not in (SameBy.BYTES, SameBy.LOOKS):
        return None
    said = later("Is the same as {link}.") if download.same_by is SameBy.BYTES else later("Looks the same as {link}.")
    return SMALL + t(said, link=download.same_url)


def _waiting(
    download: Download,
    ahead: int | None,
    starts_in: float | None,
    now: datetime,
    *,
    t: Language,
    level: Notify,
) -> list[str | None]:
    due = datetime.fromisoformat(download.available_at).replace(tzinfo=UTC) if download.available_at else None
    error = plain(t(download.error), 300) if download.error else None
    held = spoken(download.activity, t) if download.activity else None  # what keeps it, such as its site
    if download.waits_for is not None:  # it goes on with that one; the time is only the longest that it waits
        return [t("waits"), held]
    if due is not None and due > now:
        when = f"<t:{int(due.timestamp())}:R>"  # Discord's client counts down by itself
        why = held or error
        return [t("next try {when}", when=when) if error else t("starts {when}", when=when), why]
    if level in TERSE:
        return [t("waits"), held or error]
    return [_joined(_place(ahead, t), _start(ahead, starts_in, t)), held or error]


def _place(ahead: int | None, t: Language) -> str:
    if ahead is None:
        return t("waits")
    return t("waits, {count} ahead of it", count=ahead) if ahead else t("waits, next in line")


def _start(ahead: int | None, starts_in: float | None, t: Language) -> str | None:
    if ahead is None or starts_in is None:
        return None
    return t("starts in about {time}", time=about(starts_in)) if starts_in else t("starts now")


def _moving(download: Download, limit: int | None, *, t: Language, style: BarStyle) -> list[str | None]:
    plan = planned(download, limit, t=t)
    total = None if download.file_size is None else size(download.file_size, t)
    moves = bar(download.progress, style=style) if 0 < download.progress < 100 else None
    match download.status:
        case Status.DOWNLOADED:
            return [_joined(t("ready to be sent"), total), plan]
        case Status.UPLOADING:
            moving = _joined(moves, spoken(download.activity or "uploading", t), total)
            return [moving, plan, same_words(download, t)]
        case Status.DOWNLOADING:
            speed = f"{size(download.download_speed, t)}/s" if download.download_speed else None
            left = download.eta_seconds
            return [
                _joined(
                    bar(download.progress, style=style),
                    speed,
                    t("{time} left", time=duration(left)) if left is not None else None,
                ),
                _joined(_bytes(download, t), spoken(download.activity or "downloading", t)),
                plan,
            ]
        case _:
            return [spoken(download.activity or "looking for the media", t), plan]


def _bytes(download: Download, t: Language) -> str | None:
    total = None if download.file_size is None else size(download.file_size, t)
    if not download.downloaded_bytes:
        return total
    fetched = size(download.downloaded_bytes, t)
    return t("{size} of {total}", size=fetched, total=total) if total else fetched


def _details(download: Download, t: Language) -> str:
    """What a member reads who wants to know everything."""
    by = download.extractor or download.url_type.value
    return _joined(
        plain(download.author, 60) if download.author else None,
        duration(download.duration_seconds) if download.duration_seconds else None,
        t("found by {extractor}", extractor=plain(by, 30)) if by != "unknown" else None,
        t("quality {quality}", quality=plain(str(download.options["quality"]), 10))
        if download.options.get("quality")
        else None,
        t("try {number}", number=download.attempts + 1) if download.attempts else None,
    )


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)
