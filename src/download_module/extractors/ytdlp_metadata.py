"""What yt-dlp tells of a video, in the shape of `MediaMetadata`."""

from datetime import UTC, datetime

from download_module.extractors.ytdlp_answers import Entry, Stream
from download_module.media_metadata import MediaMetadata

ELSEWHERE = frozenset(("generic", "html5mediaembed"))  # extractors that are no site
MORE = (
    *("age_limit", "language", "license", "artist", "album", "track", "series", "season_number", "episode_number"),
    *("start_time", "end_time"),
)


def metadata_of(entry: Entry, *, method: str) -> MediaMetadata:
    """All that is known of a video.

    Args:
        entry: what the child tells.
        method: `api` or `cli`.
    """
    platform = platform_of(entry)
    more = {key: getattr(entry, key) for key in MORE if getattr(entry, key) is not None}
    metadata = MediaMetadata(
        platform=platform,
        url=entry.webpage_url,
        id=entry.id,
        title=entry.title,
        description=entry.description,
        author=entry.uploader or entry.channel,
        duration=entry.duration,
        thumbnail=entry.thumbnail,
        published_at=_published_at(entry),
        quality=_quality(entry.streams),
        download_method=method,
        like_count=entry.like_count,
        retweet_count=entry.repost_count,
        view_count=entry.view_count,
        comment_count=entry.comment_count,
        platform_data=more,
        categories=entry.categories or None,
        tags=entry.tags or None,
        format_info={"chosen": [stream.format_id for stream in entry.streams], "offered": entry.offered},
    )
    if platform == "twitter":
        of_site = {"tweet_id": entry.display_id or entry.id, "user_screen_name": entry.uploader_id}
    elif platform == "youtube":
        of_site = {
            "video_id": entry.id,
            "channel_name": entry.channel,
            "channel_id": entry.channel_id,
            "upload_date": _day(entry.upload_date),
        }
        metadata = metadata.model_copy(update={"is_livestream": entry.live_status not in (None, "not_live")})
    else:
        of_site = {}
    return metadata.model_copy(update=of_site)


def platform_of(entry: Entry) -> str | None:
    """The site's short name, else its host."""
    name = (entry.extractor_key or entry.extractor or "").partition(":")[0].lower()
    return (entry.webpage_url_domain if name in ELSEWHERE else name) or name or None


def _published_at(entry: Entry) -> str | None:
    moment = entry.timestamp or entry.release_timestamp
    if moment:
        try:
            return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")
        except (OverflowError, ValueError, OSError):  # no calendar has it
            pass
    return _day(entry.upload_date)


def _day(said: str | None) -> str | None:
    return f"{said[:4]}-{said[4:6]}-{said[6:]}" if said and len(said) == 8 and said.isdigit() else None


def _quality(streams: list[Stream]) -> str | None:
    sides = [side for stream in streams[:1] for side in (stream.width, stream.height) if side]
    return f"{min(sides)}p" if sides else None
