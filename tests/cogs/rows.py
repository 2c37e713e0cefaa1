"""Downloads for tests that need no database."""

from dataclasses import replace
from typing import Any

from core.models import Destination, Download, Status, UrlType

PLAIN = Download(
    id=12,
    parent_id=None,
    url="https://www.media.example/clips/cat.mp4",
    url_type=UrlType.UNKNOWN,
    status=Status.PENDING,
    cancelled=False,
    paused=False,
    priority=0,
    available_at=None,
    upload=True,
    user_id=77,
    guild_id=5,
    channel_id=6,
    progress_message_id=7,
    progress_message_status=None,
    destination=Destination.DISCORD,
    upload_limit_bytes=None,
    options={},
    title=None,
    extractor=None,
    file_path=None,
    file_size=None,
    progress=0.0,
    downloaded_bytes=0,
    download_speed=0,
    eta_seconds=None,
    activity=None,
    claimed_by=None,
    epoch=0,
    heartbeat_at=None,
    attempts=0,
    error_kind=None,
    error=None,
    failed_stage=None,
    added_at="2026-01-01 12:00:00",
    started_at=None,
    downloaded_at=None,
    finished_at=None,
    site=None,
    media_id=None,
    author=None,
    duration_seconds=None,
    thumbnail_url=None,
    metadata={},
)


def a_download(**values: Any) -> Download:
    """A waiting download of a clip, with other values where they matter."""
    return replace(PLAIN, **values)
