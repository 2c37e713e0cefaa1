"""Turns rows of the database into the types of `core.models`."""

import json
from typing import Any

from sqlalchemy.engine import RowMapping

from core.models import Destination, Download, MediaFile, Status, UrlType


def to_download(row: RowMapping) -> Download:
    """A `Download` from one row of `downloads` with all its columns."""
    values: dict[str, Any] = dict(row)
    shown = values["progress_message_status"]
    values |= {
        "url_type": UrlType(values["url_type"]),
        "status": Status(values["status"]),
        "progress_message_status": Status(shown) if shown else None,
        "destination": Destination(values["destination"]),
        "options": json.loads(values["options"]),
        "cancelled": bool(values["cancelled"]),
        "paused": bool(values["paused"]),
        "upload": bool(values["upload"]),
    }
    return Download(**values)


def to_media_file(row: RowMapping) -> MediaFile:
    """A `MediaFile` from one row of `media_files`."""
    return MediaFile(**row)
