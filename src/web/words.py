"""Numbers, times and states as the pages write them."""

from datetime import UTC, datetime
from pathlib import PurePath

from cli.states import WORKING, state_of
from cli.units import duration, rough_duration, seconds_until, size, visible
from core.models import Download, MediaFile, Status

PRIORITIES = {-1: "low", 0: "normal", 1: "high"}
SECONDS_SHOWN = 2 * 24 * 3600  # a time that is longer ago is written as a date


def name_of(download: Download) -> str:
    """The title, or the link as long as there is none."""
    return visible(download.title or download.url)


def state_word(download: Download) -> str:
    """What it does, in a word or two."""
    if download.is_kept:
        return "done"
    word = state_of(download).word
    return {"uploaded": "delivered", "pending": "waiting", "extracting": "looking"}.get(word, word)


def tone_of(download: Download) -> str:
    """The colour of its state, as the style sheet names it."""
    if download.is_kept or download.status is Status.UPLOADED:
        return "good"
    if download.status is Status.FAILED:
        return "bad"
    if download.is_over or download.cancelled or download.paused:
        return "quiet"
    return "busy" if download.status in WORKING else "waiting"


def is_working(download: Download) -> bool:
    """Whether there is something to show a bar of."""
    return download.status in WORKING and not download.is_over


def numbers(download: Download) -> str:
    """How far it is: `12.0 of 48.0 MiB · 4.1 MiB/s · 9 s left`."""
    parts = []
    if download.file_size and download.downloaded_bytes:
        parts.append(f"{size(download.downloaded_bytes)} of {size(download.file_size)}")
    elif download.file_size or download.downloaded_bytes:
        parts.append(size(download.file_size or download.downloaded_bytes))
    if download.download_speed and is_working(download):
        parts.append(f"{size(download.download_speed)}/s")
    if download.eta_seconds is not None and is_working(download):
        parts.append(f"{rough_duration(download.eta_seconds)} left")
    if download.activity and not download.is_over and download.activity != download.status:
        parts.append(visible(download.activity))
    return " · ".join(parts)


def waits_for(download: Download) -> str:
    """Why a download that waits does not begin yet."""
    if download.is_over or download.available_at is None or download.paused or download.waits_for is not None:
        return ""
    left = seconds_until(download.available_at, datetime.now(UTC))
    return f"tries again in {duration(left)}" if left > 0 else ""


def ago(time: str | None) -> str:
    """A time of the database: `5 min ago`, `in 3 h`, or its date."""
    if time is None:
        return "-"
    try:
        seconds = -seconds_until(time, datetime.now(UTC))
    except ValueError:
        return time
    if abs(seconds) > SECONDS_SHOWN:
        return time[:16]
    return f"{rough_duration(seconds)} ago" if seconds >= 0 else f"in {rough_duration(-seconds)}"


def iso(time: str | None) -> str:
    """The same for the attribute `datetime` of HTML."""
    return f"{time.replace(' ', 'T')}Z" if time else ""


def file_name(file: MediaFile) -> str:
    """The name a file goes by."""
    return visible(PurePath(file.path).name)


FILTERS = {
    "ago": ago,
    "duration": duration,
    "file_name": file_name,
    "iso": iso,
    "name_of": name_of,
    "numbers": numbers,
    "size": size,
    "state_word": state_word,
    "tone": tone_of,
    "visible": visible,
    "waits_for": waits_for,
}
TESTS = {"working": is_working}
