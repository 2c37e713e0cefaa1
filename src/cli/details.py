"""One download with all that matters about it: the page of `show`."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, repeat

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.plans import plan_in_words
from cli.states import PRIORITIES, WORKING, name_of, note_of, place_of, state_of
from cli.tables import downloads_table, progress_line
from cli.units import duration, rough_duration, seconds_until, size, visible
from core.models import Batch, Destination, Download, MediaFile
from core.queries import Event


def details(
    download: Download,
    files: Sequence[MediaFile],
    entries: Sequence[Download],
    batch: Batch | None,
    history: Sequence[Event],
    moment: datetime,
    *,
    member: str | None = None,
) -> RenderableType:
    """Name, facts, files, entries of a playlist and history, one below the other; `member` is who asked, by name."""
    parts: list[RenderableType] = [Text(f"#{download.id}  {name_of(download)}", style="bold")]
    if download.status in WORKING:
        parts.append(progress_line(download))
    parts += [Text(), _facts(download, batch, moment, member)]
    if files:
        parts += [Text(), Text("Files", style="bold"), _files(files)]
    if entries:
        parts += [Text(), Text("Entries", style="bold"), downloads_table(entries, moment)]
    if history:
        parts += [Text(), Text("History (UTC)", style="bold"), _history(history)]
    return Group(*parts)


def _facts(download: Download, batch: Batch | None, moment: datetime, member: str | None) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    state = state_of(download, batch)
    table.add_row("State", Text(state.word, style=state.style))
    for name, value in _told(download, batch, moment, member):
        if value:
            table.add_row(name, Text(visible(value)))
    return table


def _told(
    download: Download, batch: Batch | None, moment: datetime, member: str | None
) -> list[tuple[str, str | None]]:
    note = note_of(download, moment, batch)
    return [
        ("Error" if download.error else "Note", note and f"{note}{f' ({_fault(download)})' if download.error else ''}"),
        ("URL", download.url),
        ("Part of", f"#{download.parent_id}" if download.parent_id is not None else None),
        ("By", download.author),
        ("Length", duration(download.duration_seconds) if download.duration_seconds is not None else None),
        ("Media", f"{download.site} {download.media_id or ''}".rstrip() if download.site else None),
        ("Found by", download.extractor and f"{download.extractor} ({download.url_type})"),
        ("Size", size(download.file_size) if download.file_size else None),
        ("Directory", download.file_path),
        ("Destination", _destination(download) if batch is None else None),
        *zip(chain(("Plan",), repeat("")), plan_in_words(download.upload_plan), strict=False),
        ("Asked by", _asker(download, member)),
        ("Requests", ", ".join(_requests(download))),
        ("Options", ", ".join(f"{name}={value}" for name, value in download.options.items() if name != "to")),
        ("Worked on by", _claim(download, moment)),
        ("Tries", str(download.attempts) if download.attempts else None),
        ("Times (UTC)", ", ".join(_times(download))),
    ]


def _fault(download: Download) -> str:
    return f"{download.error_kind} in the {download.failed_stage or 'download'} stage"


def _destination(download: Download) -> str:
    if not download.upload:
        return "none: the files are kept in the directory of the download"
    if download.destination is Destination.DISCORD:
        return f"Discord, channel {download.channel_id}"
    return f"folder {download.options.get('to', '')}".rstrip()


def _asker(download: Download, member: str | None) -> str | None:
    parts = [f"member {download.user_id}{f' ({member})' if member else ''}"] if download.user_id is not None else []
    parts += [f"server {download.guild_id}"] if download.guild_id is not None else []
    return ", ".join(parts) or None


def _requests(download: Download) -> list[str]:
    priority = next(name for name, value in PRIORITIES.items() if value == download.priority)
    asked = [("cancelled", download.cancelled), ("paused", download.paused)]
    found = [name for name, wanted in asked if wanted]
    found += [f"{priority} priority"] if download.priority else []
    return found + ([f"not before {download.available_at}"] if download.available_at and not download.waits_for else [])


def _claim(download: Download, moment: datetime) -> str | None:
    if download.claimed_by is None:
        return None
    beat = download.heartbeat_at
    sign = f", last sign of life {rough_duration(-seconds_until(beat, moment))} ago" if beat else ""
    return f"{download.claimed_by}{sign}"


def _times(download: Download) -> list[str]:
    times = [
        ("added", download.added_at),
        ("started", download.started_at),
        ("downloaded", download.downloaded_at),
        ("ended", download.finished_at),
    ]
    return [f"{name} {time}" for name, time in times if time]


def _files(files: Sequence[MediaFile]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(no_wrap=True, justify="right")
    for file in files:
        facts = [file.mime_type or file.kind]
        facts += [f"{file.width}x{file.height}"] if file.width and file.height else []
        facts += [duration(file.duration_seconds)] if file.duration_seconds else []
        told = Text(place_of(file))
        table.add_row(Group(told, Text(visible(", ".join(facts)), style="dim")), size(file.bytes))
    return table


def _history(history: Sequence[Event]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for event in history:
        note = f": {visible(event.note)}" if event.note else ""
        actor = event.actor.split("@")[0]  # which machine and process is in --json
        table.add_row(event.at, actor, Text(f"{event.moved_to}{note}"))
    return table
