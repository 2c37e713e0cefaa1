"""What must hold after every fault, looked at from outside: the rules of `robustness`, by their numbers."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from tests.nth_failure.shapes import Shape, digest
from tests.support.discord_server import Message


def broken_rules(
    *, database: Path, downloads: Path, shape: Shape, messages: list[Message], said: str, secret: str
) -> list[str]:
    """Sentences about what does not hold; none is what one wants."""
    row, files = rows_of(database)
    found = [*_ended(row), *_delivered(row, files, shape, messages), *_is_sound(database)]
    found += [f"4: left on disk: {path}" for path in left_on_disk(downloads)] if row["status"] == "uploaded" else []
    told = json.dumps([row, files], default=str) + "".join(message.text for message in messages) + said
    if secret in told:
        found.append("8: the token is told")
    return found


def rows_of(database: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The one download and its files."""
    connection = sqlite3.connect(database, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        (row,) = [dict(row) for row in connection.execute("SELECT * FROM downloads")]
        return row, [dict(row) for row in connection.execute("SELECT * FROM media_files ORDER BY id")]
    finally:
        connection.close()


def left_on_disk(downloads: Path) -> list[str]:
    """Files below DOWNLOAD_DIR, and directories of work in progress, that belong to nothing any more."""
    staging = [path for path in downloads.glob(".staging/*") if path.name != "trash"]
    files = [path for path in downloads.rglob("*") if path.is_file()]
    return [str(path.relative_to(downloads)) for path in sorted({*staging, *files})]


def _ended(row: dict[str, Any]) -> list[str]:
    if row["status"] not in ("uploaded", "failed"):
        return [f"2: the row stays {row['status']} ({row['activity']}, {row['error']})"]
    if row["status"] == "failed" and not (row["error"] and row["error_kind"] and row["failed_stage"]):
        return ["7: it failed and does not say why"]
    return ["2: somebody still holds the row"] if row["claimed_by"] else []


def _delivered(row: dict[str, Any], files: list[dict[str, Any]], shape: Shape, messages: list[Message]) -> list[str]:
    found = []
    posted = [(name, content) for message in messages for name, content in message.files.items()]
    times = Counter(wanted for name, _ in posted for wanted in shape.files if wanted in name)
    found += [f"3: {name} was posted {count} times" for name, count in times.items() if count > 1]
    for name, content in posted:
        wanted = next((total for part, total in shape.files.items() if part in name), "nobody asked for it")
        if wanted is not None and digest(content) != wanted:
            found.append(f"3: {name} is not what was fetched")
        if wanted is None and not 0 < len(content) <= (shape.limit or 10**9):
            found.append(f"3: {name} has {len(content)} bytes")
    if row["status"] != "uploaded":
        return found
    missing = [name for name in shape.files if not times[name]]
    found += [f"3: uploaded without {', '.join(missing)}"] if missing else []
    recorded = {file["delivered_message_id"] for file in files}
    if recorded != {message.id for message in messages} or len(messages) != shape.messages:
        found.append(f"3: {len(messages)} messages, and the files know of {recorded}")
    return found


def _is_sound(database: Path) -> list[str]:
    connection = sqlite3.connect(database, timeout=10)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        whole = connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
    return [] if sound and whole else ["5: the database is not sound"]
