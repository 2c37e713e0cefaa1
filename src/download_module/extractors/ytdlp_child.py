"""Runs yt-dlp's extraction alone, in a process of its own: a JSON request on stdin, one JSON answer on stdout.

Started by `ytdlp_extractor` with limits on memory and time, without token, database or home directory. It downloads
nothing but pages.
"""

import contextlib
import json
import os
import sys
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError, GeoRestrictedError, UnsupportedError

MAX_ENTRIES = 20
# One file a format, over HTTP or FTP: that is what the next stage can fetch.
PLAIN = "[protocol~='^(https?|ftp)$']"
FORMAT = f"bv*{PLAIN}+ba{PLAIN}/b{PLAIN}/bv*{PLAIN}/ba{PLAIN}"
FORMAT_KEYS = ("format_id", "url", "protocol", "ext", "vcodec", "acodec", "filesize", "filesize_approx", "http_headers")
ENTRY_KEYS = ("id", "title", "uploader", "ext", "extractor", "duration", "webpage_url", "upload_date", "description")


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    # Whatever yt-dlp prints must not mix with the answer.
    with os.fdopen(os.dup(1), "w") as answer, contextlib.redirect_stdout(sys.stderr):
        json.dump(_answer(request["url"]), answer)


def _answer(url: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "format": FORMAT,
        "quiet": True,
        "no_warnings": True,
        "noplaylist": True,
        "playlist_items": f"1:{MAX_ENTRIES}",
        "cachedir": False,
        "proxy": "",  # explicitly none: whatever the environment says
        "socket_timeout": 20,
        "skip_download": True,
        "ignoreconfig": True,
        "logger": _Silent(),
        "allowed_extractors": ["default"],
    }
    with YoutubeDL(options) as ydl:
        try:
            info = ydl.sanitize_info(ydl.extract_info(url, download=False))
        except DownloadError as error:
            return _refusal(error)
        if info is None:
            return {"error": "unsupported", "detail": "nothing was extracted"}
        entries = info["entries"] if info.get("_type") == "playlist" else [info]
        is_playlist = info.get("_type") == "playlist" and not str(info.get("extractor", "")).lower().startswith(
            "generic"
        )
        return {
            "title": info.get("title"),
            "extractor": info.get("extractor_key") or info.get("extractor"),
            "is_playlist": is_playlist,
            "entries": [_entry(ydl, entry) for entry in entries if entry],
        }


def _entry(ydl: YoutubeDL, entry: dict[str, Any]) -> dict[str, Any]:
    formats = entry.get("requested_formats") or [entry]
    kept: dict[str, Any] = {key: entry.get(key) for key in ENTRY_KEYS}
    kept["formats"] = []
    kept["is_live"] = entry.get("live_status") in ("is_live", "is_upcoming") or bool(entry.get("is_live"))
    for chosen in formats:
        wanted = {key: chosen.get(key) for key in FORMAT_KEYS}
        wanted["cookie"] = ydl.cookiejar.get_cookie_header(chosen["url"]) if chosen.get("url") else None
        kept["formats"].append(wanted)
    return kept


def _refusal(error: DownloadError) -> dict[str, Any]:
    """A word for what yt-dlp said; `detail` is for the log."""
    cause = error.exc_info[1] if error.exc_info else None
    detail = str(error)[:2000]
    if isinstance(cause, UnsupportedError):
        return {"error": "unsupported", "detail": detail}
    if isinstance(cause, GeoRestrictedError):
        return {"error": "geo", "detail": detail}
    http = cause if isinstance(cause, HTTPError) else getattr(cause, "cause", None)
    if isinstance(http, HTTPError):
        return {"error": "http", "status": http.status, "detail": detail}
    return {"error": "said", "detail": detail}


class _Silent:
    def debug(self, message: str) -> None: ...
    def info(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...


if __name__ == "__main__":
    main()
