"""A download in words: where it stands, and what there is to say about that."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cli.units import duration, rough_duration, seconds_until, size, visible
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Batch, Download, MediaFile, Status

WORKING = (*DOWNLOAD_STAGE.works_in, *UPLOAD_STAGE.works_in)


class Priority(StrEnum):
    """The names of the numbers in the column `priority`."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


PRIORITIES = {Priority.LOW: -1, Priority.NORMAL: 0, Priority.HIGH: 1}
_STYLES = {
    Status.PENDING: "yellow",
    Status.EXTRACTING: "cyan",
    Status.DOWNLOADING: "cyan",
    Status.DOWNLOADED: "cyan",
    Status.UPLOADING: "cyan",
    Status.UPLOADED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "dim",
}


@dataclass(frozen=True, slots=True)
class State:
    """One word and its colour."""

    word: str
    style: str


def state_of(download: Download, batch: Batch | None = None) -> State:
    """The status, or what a request is about to make of it; of a playlist how far its entries are."""
    if batch is not None:
        style = "cyan" if batch.left else "red" if batch.failed else "green"
        return State(f"{batch.done}/{batch.total} done", style)
    if not download.is_over:
        works = download.status in WORKING
        if download.cancelled:
            return State("cancelling", "dim")
        if download.paused:
            return State("pausing" if works else "paused", "magenta")
    elif download.status is Status.DOWNLOADED:
        return State(download.status, "green")
    return State(download.status, _STYLES[download.status])


def name_of(download: Download) -> str:
    """The title, or the URL as long as there is none."""
    return visible(download.title or download.url)


def place_of(file: MediaFile) -> str:
    """Where a file can be got: its address in the web, else its path."""
    url = file.delivered_url or ""
    return visible(url if url.startswith(("http://", "https://")) else file.path)


def numbers_of(download: Download) -> str:
    """How far work on it is: `62 %, 4.1 MiB/s, 3 s left, merging`."""
    counts = download.progress or download.status is Status.DOWNLOADING or not download.activity
    parts = [f"{download.progress:.0f} %"] if counts else []
    if download.download_speed:
        parts.append(f"{size(download.download_speed)}/s")
    if download.eta_seconds is not None:
        left = download.eta_seconds
        parts.append(f"{duration(left) if left < 3600 else rough_duration(left)} left")
    # What the numbers say already needs no word.
    if download.activity and download.activity != download.status:
        parts.append(visible(download.activity))
    return ", ".join(parts)


def note_of(download: Download, moment: datetime, batch: Batch | None = None) -> str | None:
    """What else is worth knowing: why it failed, when it goes on."""
    if batch is not None:
        return _losses(batch)
    error = visible(download.error) if download.error else None
    if download.is_over or download.status in WORKING:
        return error if download.status is Status.FAILED else None
    wait = seconds_until(download.available_at, moment) if download.available_at else 0.0
    if wait > 0 and not download.paused:
        again = f"in {duration(wait)}"
        if download.activity and not error:
            return visible(download.activity)  # why it waits
        return f"tries again {again}: {error}" if error else f"begins {again}"
    return visible(download.activity) if download.activity and not error else error


def _losses(batch: Batch) -> str | None:
    lost = [f"{count} {word}" for count, word in ((batch.failed, "failed"), (batch.cancelled, "cancelled")) if count]
    return ", ".join(lost) or None


def line_of(download: Download, moment: datetime, batch: Batch | None = None) -> str:
    """Everything in one line, for where nothing can be drawn."""
    what = numbers_of(download) if download.status in WORKING else note_of(download, moment, batch)
    if what is None and download.file_size:
        what = size(download.file_size)
    told = f" ({what})" if what else ""
    return f"#{download.id} {state_of(download, batch).word}{told}: {name_of(download)}"
