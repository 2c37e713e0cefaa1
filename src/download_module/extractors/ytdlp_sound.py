"""The sound of HLS variants that yt-dlp takes for complete because their master playlist does not tell their codecs."""

from collections.abc import Callable, Sequence
from typing import Any

import m3u8

from download_module.extractors.ytdlp_choice import HLS


def mark_silent_variants(formats: Sequence[dict[str, Any]], fetch: Callable[[str], str]) -> None:
    """Say of each variant whose sound is a playlist of its own that it has none.

    A variant with AUDIO but without CODECS may be either; its group tells: the member that is played by default has an
    URI, or is in the variant itself (RFC 8216, 4.3.4.2.1).

    Args:
        formats: yt-dlp's; `acodec` of some is set to "none".
        fetch: gives the text behind a URL.
    """
    for master in {format_["manifest_url"] for format_ in formats if _is_unclear(format_, formats)}:
        playlist = m3u8.loads(fetch(master), uri=master)
        silent = {
            variant.absolute_uri
            for variant in playlist.playlists
            if variant.stream_info.codecs is None and _has_own_sound(variant.stream_info.audio, playlist.media)
        }
        for format_ in formats:
            if format_.get("manifest_url") == master and format_["url"] in silent:
                format_["acodec"] = "none"


def _is_unclear(format_: dict[str, Any], formats: Sequence[dict[str, Any]]) -> bool:
    master = format_.get("manifest_url")
    return (
        bool(master)
        and format_.get("protocol") in HLS
        and format_.get("vcodec") is None
        and format_.get("acodec") is None
        and any(other.get("manifest_url") == master and other.get("vcodec") == "none" for other in formats)
    )


def _has_own_sound(group: str | None, media: Sequence[Any]) -> bool:
    members = [each for each in media if each.type == "AUDIO" and each.group_id == group]
    played = next((each for each in members if each.default == "YES"), members[0] if members else None)
    return played is not None and bool(played.uri)
