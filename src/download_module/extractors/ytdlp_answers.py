"""What the child answers, checked as it comes: sites and yt-dlp may say anything."""

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator

from download_module.extractors.ytdlp_errors import Refusal


def _number(value: Any) -> float | None:
    """A number that makes sense, or None: what a site says of itself must not fail the download."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < 2**53 else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None else None


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | float) and value != "" else None


def _texts(value: Any) -> list[str]:
    return [str(each)[:100] for each in value if each is not None] if isinstance(value, list | tuple) else []


Number = Annotated[float | None, BeforeValidator(_number)]
Whole = Annotated[int | None, BeforeValidator(_whole)]
Text = Annotated[str | None, BeforeValidator(_text)]
Texts = Annotated[list[str], BeforeValidator(_texts)]


class Stream(BaseModel):
    """One format that was chosen, with what is needed to fetch it."""

    format_id: Text = None
    url: str
    protocol: Text = None
    ext: Text = None
    vcodec: Text = None
    acodec: Text = None
    width: Whole = None
    height: Whole = None
    filesize: Whole = None
    http_headers: dict[str, str] | None = None
    cookies: dict[str, str] = {}  # the Cookie header by host (and port)
    impersonate: Text = None
    chunk: Whole = None
    playlist: str | None = None  # of HLS
    playlist_url: str | None = None
    fragments: list[dict[str, Any]] | None = None  # of DASH
    fragment_base_url: Text = None
    extra_param_to_segment_url: Text = None  # a query for each segment

    @property
    def has_video(self) -> bool:
        """Whether there is, or may be, a picture."""
        return self.vcodec != "none"


class Subtitle(BaseModel):
    """A file of subtitles, or its text."""

    language: str
    ext: Text = None
    url: Text = None
    data: Text = None
    http_headers: dict[str, str] | None = None
    cookie: Text = None


class SaidChapter(BaseModel):
    """A chapter as sites tell it."""

    start_time: Number = None
    end_time: Number = None
    title: Text = None


class Entry(BaseModel):
    """One video."""

    id: Text = None
    display_id: Text = None
    title: Text = None
    description: Text = None
    uploader: Text = None
    uploader_id: Text = None
    channel: Text = None
    channel_id: Text = None
    duration: Number = None
    webpage_url: Text = None
    webpage_url_domain: Text = None
    extractor: Text = None
    extractor_key: Text = None
    thumbnail: Text = None
    timestamp: Number = None
    release_timestamp: Number = None
    upload_date: Text = None
    like_count: Whole = None
    repost_count: Whole = None
    view_count: Whole = None
    comment_count: Whole = None
    categories: Texts = []
    tags: Texts = []
    chapters: list[SaidChapter] = []
    start_time: Number = None
    end_time: Number = None
    section_start: Number = None
    section_end: Number = None
    age_limit: Whole = None
    language: Text = None
    license: Text = None
    artist: Text = None
    album: Text = None
    track: Text = None
    series: Text = None
    season_number: Whole = None
    episode_number: Whole = None
    live_status: Text = None
    offered: list[dict[str, Any]] = []
    streams: list[Stream] = []
    subtitles: list[Subtitle] = []

    @property
    def is_live(self) -> bool:
        """Whether it goes on while we look."""
        return self.live_status == "is_live"


class ChildEntry(BaseModel):
    """An entry of a playlist that was not looked at."""

    url: str
    title: Text = None


class Answer(BaseModel):
    """What is behind a URL: videos, or children, or a refusal."""

    title: Text = None
    author: Text = None
    extractor: Text = None
    entries: list[Entry] = []
    children: list[ChildEntry] = []
    refusal: Refusal | None = None
