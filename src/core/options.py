"""The column `options`: what a person asked for beyond the URL. JSON that people also edit by hand."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.clips import Clip, parse_clip
from core.errors import RequestRefused

QUALITY = re.compile(r"best|worst|audio|(\d{3,4})p?")
ITEMS = re.compile(r"\d{1,5}(-(\d{1,5})?)?(,\d{1,5}(-(\d{1,5})?)?)*")
LANGUAGES = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*(,[a-z]{2,3}(-[a-z0-9]{2,8})*)*|all", re.IGNORECASE)
MAX_SHOWN = 40  # characters of a value that means nothing


class Options(BaseModel):
    """All wishes, with their defaults. Unknown names are kept in the row and mean nothing here."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    quality: str | None = Field(default=None, description="`best`, `1080p`, `720p` ..., `worst`, or `audio`.")
    audio: bool = Field(default=False, description="Only the sound.")
    clip: str | None = Field(default=None, description="A stretch of the video: `0:30-1:10`, `90-`, `-20`, `+40`.")
    items: str | None = Field(default=None, description="Which entries of a playlist, album or torrent: `1-5,8`.")
    live: int | None = Field(default=None, ge=1, le=720, description="Minutes of a live stream to record.")
    subtitles: str | None = Field(default=None, description="Languages of subtitles to add: `en,de`, or `all`.")
    thumbnail: bool = Field(default=False, description="Add the picture that stands for the video.")
    quoted: bool | None = Field(default=None, description="Twitter/X: the media of quoted posts too.")
    replies: bool | None = Field(default=None, description="Twitter/X: the media of replies too.")
    retweets: bool | None = Field(default=None, description="Twitter/X: the media of reposts too.")
    videos: bool | None = Field(default=None, description="Videos beside pictures.")
    force: bool = Field(default=False, description="Fetch anew what is here already.")
    spoiler: bool = Field(default=False, description="Hide the media until it is clicked.")
    to: str | None = Field(
        default=None, description="Where files of the destination `folder` go: a folder, or s3://..."
    )

    @field_validator("quality")
    @classmethod
    def _quality(cls, value: str | None) -> str | None:
        if value is None:
            return None
        value = value.strip().lower()
        if not QUALITY.fullmatch(value):
            raise ValueError("is best, worst, audio, or a height such as 720p")
        return value

    @field_validator("items")
    @classmethod
    def _items(cls, value: str | None) -> str | None:
        if value is None:
            return None
        value = "".join(value.split())
        if not ITEMS.fullmatch(value) or any(first < 1 or (last or first) < first for first, last in _ranges(value)):
            raise ValueError("is a list of numbers from 1 and of ranges such as 1-5,8")
        return value

    @field_validator("clip")
    @classmethod
    def _clip(cls, value: str | None) -> str | None:
        if value is not None:
            parse_clip(value)
        return value

    @field_validator("subtitles")
    @classmethod
    def _subtitles(cls, value: str | None) -> str | None:
        if value is None:
            return None
        value = "".join(value.split())
        if not LANGUAGES.fullmatch(value):  # yt-dlp would take any regular expression
            raise ValueError("is a list of languages such as en,de-AT, or all")
        return value

    @property
    def wants_audio(self) -> bool:
        """Whether only the sound is wanted."""
        return self.audio or self.quality == "audio"

    @property
    def max_height(self) -> int | None:
        """Pixels, when a height was asked for."""
        found = QUALITY.fullmatch(self.quality or "")
        return int(found[1]) if found and found[1] else None

    @property
    def stretch(self) -> Clip | None:
        """The clip that is wanted."""
        return parse_clip(self.clip) if self.clip is not None else None

    @property
    def ranges(self) -> tuple[tuple[int, int | None], ...]:
        """`items` as (first, last) pairs, counted from 1; last is None for an open end; empty: all."""
        return _ranges(self.items) if self.items else ()

    def takes(self, item: int) -> bool:
        """Whether an item, counted from 1, is wanted."""
        return not self.ranges or any(first <= item and (last is None or item <= last) for first, last in self.ranges)


def parse_options(values: Mapping[str, Any]) -> Options:
    """Read what stands in a row.

    Raises:
        RequestRefused: a value means nothing; the sentence names it and what is possible.
    """
    try:
        return Options.model_validate(dict(values))
    except ValidationError as error:
        fault = error.errors()[0]
        name, cause = str(fault["loc"][0]), fault.get("ctx", {}).get("error")
        shown = repr(fault["input"])
        shown = shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "..."
        wanted = f"{name} {cause}" if cause else fault["msg"].replace("Input should", "it should", 1)
        raise RequestRefused(f"The option {name}={shown} means nothing: {wanted}.") from None


def checked_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """What came with a command, as it is written into a row: only what was given, in its plainest form.

    Raises:
        RequestRefused: a name or a value means nothing; the sentence says what is possible.
    """
    for name in values:
        if name not in Options.model_fields:
            near = difflib.get_close_matches(name, Options.model_fields, n=1)
            possible = f"Did you mean {near[0]}?" if near else f"Possible are {', '.join(Options.model_fields)}."
            raise RequestRefused(f"There is no option {name[:MAX_SHOWN]}. {possible}")
    return parse_options(values).model_dump(exclude_unset=True)


def _ranges(items: str) -> tuple[tuple[int, int | None], ...]:
    pairs = []
    for piece in items.split(","):
        first, dash, last = piece.partition("-")
        pairs.append((int(first), (int(last) if last else None) if dash else int(first)))
    return tuple(pairs)
