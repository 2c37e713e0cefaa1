"""The column `options`: what a person asked for beyond the URL. JSON that people also edit by hand."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.clips import Clip, parse_clip
from core.errors import RequestRefused

QUALITY = re.compile(r"best|worst|audio|(\d{3,4})p?")
ITEMS = re.compile(r"\d{1,5}(-(\d{1,5})?)?(\s*,\s*\d{1,5}(-(\d{1,5})?)?)*")


class Options(BaseModel):
    """All wishes, with their defaults. Unknown names are kept in the row and mean nothing here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    quality: str | None = Field(default=None, description="`best`, `1080p`, `720p` ..., `worst`, or `audio`.")
    audio: bool = Field(default=False, description="Only the sound.")
    clip: str | None = Field(default=None, description="A stretch of the video: `0:30-1:10`, `90-`, `-20`, `+40`.")
    items: str | None = Field(default=None, description="Which entries of a playlist, album or torrent: `1-5,8`.")
    live: int | None = Field(default=None, ge=1, le=720, description="Minutes of a live stream to record.")
    subtitles: str | None = Field(
        default=None, max_length=64, description="Languages of subtitles to add: `en,de`, or `all`."
    )
    thumbnail: bool = Field(default=False, description="Add the picture that stands for the video.")
    quoted: bool | None = Field(default=None, description="Twitter/X: the media of quoted posts too.")
    replies: bool | None = Field(default=None, description="Twitter/X: the media of replies too.")
    retweets: bool | None = Field(default=None, description="Twitter/X: the media of reposts too.")
    videos: bool | None = Field(default=None, description="Videos beside pictures.")
    force: bool = Field(default=False, description="Fetch anew what is here already.")
    spoiler: bool = Field(default=False, description="Hide the media until it is clicked.")
    to: str | None = Field(default=None, description="The folder that the files go to (destination `folder`).")

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
        if value is not None and not ITEMS.fullmatch(value.strip()):
            raise ValueError("is a list of numbers and ranges such as 1-5,8")
        return value.strip() if value is not None else None

    @field_validator("clip")
    @classmethod
    def _clip(cls, value: str | None) -> str | None:
        if value is not None:
            parse_clip(value)
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
        pairs = []
        for piece in (self.items or "").replace(" ", "").split(","):
            first, dash, last = piece.partition("-")
            if first:
                pairs.append((int(first), (int(last) if last else None) if dash else int(first)))
        return tuple(pairs)

    def takes(self, item: int) -> bool:
        """Whether an item, counted from 1, is wanted."""
        return not self.ranges or any(first <= item and (last is None or item <= last) for first, last in self.ranges)


def parse_options(values: Mapping[str, Any]) -> Options:
    """Read what stands in a row or came with a command.

    Raises:
        RequestRefused: a value means nothing; the sentence names it and what is possible.
    """
    try:
        return Options.model_validate(dict(values))
    except ValidationError as error:
        fault = error.errors()[0]
        name, cause = str(fault["loc"][0]), fault.get("ctx", {}).get("error")
        if isinstance(cause, RequestRefused):
            raise cause from None
        raise RequestRefused(
            f"The option {name}={fault['input']!r} means nothing: {name} {cause or fault['msg']}."
        ) from None
