"""Rules 1, 2, 3 and 7: what became of what members asked for."""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing

from tests.torture.links import Link, digest
from tests.torture.members import Members
from tests.torture.site import UPLOAD_LIMIT
from tests.torture.watch import BEGUN, Watch
from tests.torture.world import World

TOLD_WITHIN = 60.0  # seconds
NUMBER = re.compile(r"#(\d+)(?: · \d+/\d+)?$")
FAULTS_OF_OURS = ("Unexpected", "BossBotError", "RowChanged", "ConfigurationError")


def rows_of(world: World) -> list[sqlite3.Row]:
    """All rows of the table."""
    with closing(sqlite3.connect(world.house.database, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM downloads ORDER BY id").fetchall()


def acknowledged_without_row(world: World, members: Members) -> Iterator[str]:
    """Rows written by hand that are gone; messages that show a download that nobody knows, or none for ever."""
    rows = rows_of(world)
    known, cards = {row["id"] for row in rows}, {row["progress_message_id"] for row in rows}
    yield from (f"row {number} was committed and is gone" for number in members.inserted if number not in known)
    for message in world.said():
        if message.text == BEGUN and message.id not in cards:
            yield f"message {message.id} in #{message.channel.name} still says {BEGUN!r}, and no row belongs to it"
        number = NUMBER.search(message.text.rpartition("\n")[2])
        if number and int(number[1]) not in known:
            yield f"message {message.id} shows download {number[1]}, which is not there"


def is_over(row: sqlite3.Row) -> bool:
    """Whether nothing more will happen to a row."""
    return row["status"] in ("uploaded", "failed", "cancelled") or (row["status"] == "downloaded" and not row["upload"])


def unfinished(world: World) -> Iterator[str]:
    """Rows that are not over although all trouble is, or failed by a fault of ours."""
    for row in rows_of(world):
        if not is_over(row):
            yield f"still moving: {told(row)}"
        elif row["status"] == "failed" and row["error_kind"] in FAULTS_OF_OURS:
            yield f"failed by a fault of ours: {told(row)}"


def wrongly_delivered(world: World) -> Iterator[str]:
    """Deliveries that are missing, double, or not of the bytes that the site gave."""
    delivered: defaultdict[int, list[bytes]] = defaultdict(list)
    for message in world.said():
        number = NUMBER.search(message.text.rpartition("\n")[2])
        if message.attachments and number is None:
            yield f"message {message.id} has files that belong to nothing: {message.text!r}"
        elif number is not None:
            delivered[int(number[1])] += message.files.values()
    placed = Counter(digest(path.read_bytes()) for path in world.house.delivered.rglob("*") if path.is_file())
    for row in rows_of(world):
        link = world.site.links.get(row["url"])
        if link is None:
            yield f"a row of a URL that nobody asked for: {told(row)}"
        elif row["destination"] == "folder":
            yield from _in_folder(row, link, placed)
        elif fault := _in_channel(row, link, delivered[row["id"]]):
            yield f"{fault}: {told(row)}"
    yield from (f"{count} files in the folder are of no row: {sha}" for sha, count in placed.items() if count)


def _in_channel(row: sqlite3.Row, link: Link, files: list[bytes]) -> str | None:
    is_uploaded = row["status"] == "uploaded"
    whole = bool(files) and len(files) >= link.count
    if whole and row["status"] == "failed":
        return "all of it was delivered, and the row says that it failed"
    return link.fault_of(files, limit=UPLOAD_LIMIT, whole=is_uploaded, said=row["activity"] or "")


def _in_folder(row: sqlite3.Row, link: Link, placed: Counter[str]) -> Iterator[str]:
    ((sha,),) = link.versions  # rows for the folder are of one file each
    expected = int(row["status"] == "uploaded")
    found = placed.pop(sha, 0)
    if found != expected and not (row["status"] == "cancelled" and found == 1):  # the cancel came too late
        yield f"{found} copies in the folder, not {expected}: {told(row)}"


def untold(watch: Watch) -> Iterator[str]:
    """Outcomes that no card showed in time."""
    watch.look_at_cards()
    yield from (
        f"row {number} was {status} {wait:.0f} s before" for wait, number, status in watch.waits if wait > TOLD_WITHIN
    )
    yield from (f"row {number} is {status}, and its card never said so" for number, status in watch.ended)


def told(row: sqlite3.Row) -> str:
    """A row in one line."""
    names = (
        "id",
        "status",
        "epoch",
        "attempts",
        "url",
        "error_kind",
        "error",
        "activity",
        "claimed_by",
        "available_at",
    )
    return ", ".join(f"{name}={row[name]!r}" for name in names if row[name] not in (None, 0))
