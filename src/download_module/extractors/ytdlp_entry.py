"""What the child tells of one video, as `ytdlp_answers.Entry` reads it."""

from collections.abc import Mapping
from typing import Any

from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_streams import Network, streams_of
from download_module.extractors.ytdlp_subtitles import choose_subtitles

KEYS = (
    *("id", "display_id", "title", "uploader", "uploader_id", "channel", "channel_id", "duration"),
    *("webpage_url", "webpage_url_domain", "extractor", "extractor_key", "thumbnail", "timestamp", "release_timestamp"),
    *("upload_date", "like_count", "repost_count", "view_count", "comment_count"),
    *("start_time", "end_time", "section_start", "section_end", "age_limit", "language", "license", "live_status"),
    *("artist", "album", "track", "series", "season_number", "episode_number"),
)
LISTS = ("categories", "tags", "chapters")
OFFERED = ("format_id", "ext", "width", "height", "vcodec", "acodec", "tbr", "filesize", "protocol")
MAX_LIST = 100
MAX_OFFERED = 40
MAX_DESCRIPTION = 5000  # characters


def entry_of(network: Network, asked: Asked, info: Mapping[str, Any]) -> dict[str, Any]:
    """One video: what is known of it, and the streams that are fetched, none of one that is live or not there yet.

    Raises:
        Unfetchable: none of its formats can be fetched.
        NotServed: those that can are refused.
    """
    entry: dict[str, Any] = {key: info.get(key) for key in KEYS}
    entry |= {key: list(info.get(key) or ())[:MAX_LIST] for key in LISTS}
    entry["description"] = str(info["description"])[:MAX_DESCRIPTION] if info.get("description") else None
    entry["offered"] = [{key: each.get(key) for key in OFFERED} for each in info.get("formats", ())[-MAX_OFFERED:]]
    if info.get("live_status") == "is_upcoming" or (info.get("live_status") == "is_live" and not asked.live_seconds):
        return entry
    return entry | {"streams": streams_of(network, asked, info), "subtitles": _subtitles(network, asked, info)}


def _subtitles(network: Network, asked: Asked, info: Mapping[str, Any]) -> list[dict[str, Any]]:
    if asked.subtitles is None:
        return []
    chosen = choose_subtitles(
        asked.subtitles, info.get("subtitles") or {}, info.get("automatic_captions") or {}, info.get("language")
    )
    return [
        {
            "language": language,
            "ext": file.get("ext"),
            "url": file.get("url"),
            "data": file.get("data"),
            "http_headers": file.get("http_headers"),
            "cookie": network.cookie_header(file["url"]) if file.get("url") else None,
        }
        for language, file in chosen
    ]
