"""What is known of a download's media besides its bytes: `metadata.json`, and some columns of the row."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class MediaMetadata(BaseModel):
    """What an extractor found out; None is unknown. What only one site has stands in `platform_data`."""

    model_config = ConfigDict(frozen=True)

    platform: str | None = None  # twitter, youtube, reddit ...: the site of the canonical identity
    url: str | None = None  # the page of the media itself
    id: str | None = None  # the site's own
    title: str | None = None
    description: str | None = None
    author: str | None = None
    duration: float | None = None  # seconds
    thumbnail: str | None = None  # its URL
    published_at: str | None = None  # UTC, YYYY-MM-DD HH:MM:SS or YYYY-MM-DD
    quality: str | None = None  # "1080p"
    download_method: str | None = None  # api (the library) or cli (its command-line program)
    like_count: int | None = None
    retweet_count: int | None = None
    view_count: int | None = None
    comment_count: int | None = None
    platform_data: dict[str, Any] = {}

    # Twitter/X
    tweet_id: str | None = None
    user_screen_name: str | None = None
    is_retweet: bool | None = None
    is_quote_tweet: bool | None = None
    thread_position: int | None = None

    # YouTube
    video_id: str | None = None
    channel_name: str | None = None
    channel_id: str | None = None
    upload_date: str | None = None
    categories: list[str] | None = None
    tags: list[str] | None = None
    is_livestream: bool | None = None
    format_info: dict[str, Any] | None = None  # what there was to choose from
