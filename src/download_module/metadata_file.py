"""What was found out of a download's media: columns of its row, and `metadata.json` beside its files."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.download_plan import FetchPlan
from core.earlier import shaping
from core.models import Download, NewMediaFile
from download_module.plan import DownloadPlan

NAME = "metadata.json"
INSTEAD = "metadata.boss-bot.json"
MAX_COLUMN = 16 * 1024  # characters of the column `metadata`; the file has all
BULKY = ("platform_data", "format_info", "description", "tags")  # left out of a column that would be larger


def row_values(plan: DownloadPlan) -> dict[str, Any]:
    """The columns of a row that say what stage 2 found."""
    known = plan.metadata.model_dump(exclude_none=True, exclude_defaults=True)
    for name in ("", *BULKY):
        known.pop(name, None)
        text = json.dumps(known)
        if len(text) <= MAX_COLUMN:
            break
    else:
        text = "{}"
    return {
        "title": plan.title,
        "extractor": plan.extractor,
        "file_size": plan.size or None,  # of a list there is none
        "author": plan.author or plan.metadata.author,
        "duration_seconds": plan.metadata.duration,
        "thumbnail_url": plan.metadata.thumbnail,
        "metadata": text,
        "download_plan": json.dumps(_fetch_plan(plan).as_json()),
    }


def _fetch_plan(plan: DownloadPlan) -> FetchPlan:
    known = {
        "height": plan.height,
        "bytes": plan.size or plan.estimate,
        "seconds": plan.metadata.duration,
        "files": len(plan.outputs),
        "heights": plan.heights,
    }
    return FetchPlan.read(known) or FetchPlan(files=len(plan.outputs))  # a site tells what it likes


def write_metadata(
    directory: Path, claim: Download, plan: DownloadPlan, files: Sequence[NewMediaFile], missing: Sequence[str] = ()
) -> None:
    """Write `metadata.json`: what was asked by whom, what was found, and the files.

    Args:
        directory: that of the finished files.
        claim: the row.
        plan: what was fetched.
        files: with paths in `directory`.
        missing: names of files that the site would not give out.
    """
    document = {
        **plan.metadata.model_dump(mode="json", exclude_none=True),
        "title": plan.title,
        "author": plan.author or plan.metadata.author,
        "url": plan.metadata.url or plan.source_url,
        "files": [_file(file) for file in files],
        "missing": list(missing),
        "download": {
            "id": claim.id,
            "asked_url": _without_login(claim.url),
            "extractor": plan.extractor,
            "user_id": claim.user_id,
            "guild_id": claim.guild_id,
            "channel_id": claim.channel_id,
            "options": claim.options,
            "added_at": claim.added_at,
            "downloaded_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        },
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    name = NAME if not (directory / NAME).exists() else INSTEAD  # a file of the download has that name
    (directory / name).write_text(text + "\n", encoding="utf-8", errors="replace")


def asked_alike(directory: Path, claim: Download) -> bool:
    """Whether the files in a directory were made for the same options; True where nobody knows."""
    try:
        text = (directory / NAME).read_text(encoding="utf-8")
        made_for = json.loads(text)["download"]["options"]
    except (OSError, ValueError, LookupError, TypeError):
        return True
    return isinstance(made_for, dict) and shaping(made_for) == shaping(claim.options)


def _without_login(url: str) -> str:
    """The URL without `user:password@`: the file may be copied elsewhere."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _file(file: NewMediaFile) -> dict[str, Any]:
    return {
        "filename": Path(file.path).name,
        "file_type": file.kind,
        "mimetype": file.mime_type,
        "size_bytes": file.bytes,
        "checksum": f"sha256:{file.sha256}" if file.sha256 else None,
        "duration": file.duration_seconds,
        "width": file.width,
        "height": file.height,
        "description": file.description,
    }
