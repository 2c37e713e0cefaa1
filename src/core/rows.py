"""Between rows of the database and the types of `core.models`."""

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.engine import RowMapping

from core.models import Destination, Download, MediaFile, SameBy, Status, UrlType
from core.redaction import KNOWN

OBJECTS = ("options", "metadata", "upload_plan", "download_plan")  # columns that hold a JSON object
# What sites, servers and libraries said: it may repeat what they were sent.
TOLD = frozenset(
    ("activity", "author", "description", "download_plan", "error", "metadata", "thumbnail_url", "title", "upload_plan")
)


def to_download(row: RowMapping) -> Download:
    """A `Download` from one row of `downloads` with all its columns."""
    values: dict[str, Any] = dict(row)
    shown, same_by = values["progress_message_status"], values["same_by"]
    values |= {
        "url_type": UrlType(values["url_type"]),
        "status": Status(values["status"]),
        "progress_message_status": Status(shown) if shown else None,
        "destination": Destination(values["destination"]),
        "same_by": SameBy(same_by) if same_by else None,
        **{name: _object(values[name]) for name in OBJECTS},
        "cancelled": bool(values["cancelled"]),
        "paused": bool(values["paused"]),
        "upload": bool(values["upload"]),
        "allow_torrents": bool(values["allow_torrents"]),
        "auto_retry": bool(values["auto_retry"]),
    }
    return Download(**values)


def _object(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError):  # numbers of 5,000 digits and 900 levels are JSON for a database
        return {}


def storable(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as every database can hold them: no lone surrogates, no NUL, no NaN in JSON; and no secrets."""
    values = {
        name: KNOWN.hide(value) if name in TOLD and isinstance(value, str) else value for name, value in values.items()
    }
    clean = {name: _clean(value) for name, value in values.items()}
    objects = {name: _clean(_object(value)) for name, value in values.items() if name in OBJECTS}
    return clean | {name: json.dumps(value, ensure_ascii=False) for name, value in objects.items()}


def _clean(value: Any) -> Any:
    match value:
        case StrEnum():
            return value
        case str():
            return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {_clean(name): _clean(inner) for name, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
        case _:
            return value


def to_media_file(row: RowMapping) -> MediaFile:
    """A `MediaFile` from one row of `media_files`."""
    return MediaFile(**row)
