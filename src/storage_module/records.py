"""Makes `metadata.json` complete where files stay: checksums, the history, how they were delivered.

The download stage writes the file with what was asked and found. What it costs to read large files for their checksums
is spent here, when nobody waits for them.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from loguru import logger

from core.layout import Layout
from core.models import Download, MediaFile
from core.storage_book import Record, StorageBook
from storage_module.checksums import sha256_of

NAMES = ("metadata.boss-bot.json", "metadata.json")  # the first where a file of the download has the other's name
AT_ONCE = 50  # downloads a time
BYTES_AT_ONCE = 20 * 1024**3  # and about as many bytes, so that the others of the machine get their disk


async def complete_records(book: StorageBook, layout: Layout) -> str:
    """Complete those of downloads that ended since the last time; a report in a few words."""
    done = hashed = failed = last = 0
    while done < AT_ONCE and hashed <= BYTES_AT_ONCE:
        download_id = await book.next_unrecorded(after=last)
        if download_id is None:
            break
        last = download_id
        record = await book.record_of(download_id)
        if record is None:
            continue
        files = await book.files(download_id)
        sums = await _missing_sums(files)
        hashed += sum(file.bytes for file in files if file.id in sums)
        try:
            for home in layout.homes(record.download):
                await asyncio.to_thread(_complete, home, record, files, sums)
        except OSError as error:  # one bad directory is no reason to leave out the others
            logger.bind(download=download_id).warning("could not complete its metadata.json: {}", error)
            await book.recorded(download_id, list(sums.items()), complete=False)
            failed += 1
            continue
        await book.recorded(download_id, list(sums.items()))
        done += 1
    told = f"{done} records completed, {hashed} bytes read for checksums"
    return f"{told}; {failed} could not be written" if failed else told


async def _missing_sums(files: Sequence[MediaFile]) -> dict[int, str]:
    sums = {}
    for file in files:
        if not file.sha256:
            with suppress(OSError, ValueError):  # gone; the daily look tells it
                sums[file.id] = await asyncio.to_thread(sha256_of, Path(file.path))
    return sums


def _complete(home: Path, record: Record, files: Sequence[MediaFile], sums: dict[int, str]) -> None:
    path = next((home / name for name in NAMES if (home / name).is_file()), None)
    if path is None:
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        ours = document["download"]["id"] == record.download.id
    except (OSError, ValueError, LookupError, TypeError):
        return
    if not ours:
        return
    by_name = {Path(file.path).name: sums.get(file.id) or file.sha256 for file in files}
    for told in document.get("files") or ():
        if sha256 := by_name.get(told.get("filename")):
            told["checksum"] = f"sha256:{sha256}"
    document["download"] |= _end_of(record.download)
    document["delivery"] = _delivery(record.download, files)
    document["history"] = list(record.history)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", errors="replace")
    draft.replace(path)


def _end_of(download: Download) -> dict[str, Any]:
    return {
        "status": download.status,
        "started_at": download.started_at,
        "downloaded_at": download.downloaded_at,
        "finished_at": download.finished_at,
        "error": download.error,
    }


def _delivery(download: Download, files: Sequence[MediaFile]) -> dict[str, Any]:
    messages = dict.fromkeys(file.delivered_message_id for file in files if file.delivered_message_id)
    return {
        "destination": download.destination if download.upload else None,
        "channel_id": download.thread_id or download.channel_id,
        "message_ids": list(messages),
        "files": [{"filename": Path(file.path).name, "url": file.delivered_url} for file in files],
    }
