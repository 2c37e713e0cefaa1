"""What guilds and members set for themselves: JSON in `guild_settings.settings` and `user_settings.settings`.

People also edit it by hand: what means nothing there is left out, never fatal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Notify(StrEnum):
    """How much a member wants to read of his downloads."""

    NONE = "none"  # the files, or nothing
    MINIMAL = "minimal"  # begin and end
    NORMAL = "normal"  # progress
    VERBOSE = "verbose"  # each step, with details


class BarStyle(StrEnum):
    """How a bar is drawn."""

    STANDARD = "standard"  # [=====>    ]
    BLOCKS = "blocks"  # ████░░░░
    DOTS = "dots"  # ●●●●○○○○


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """What stands in a row; values that mean nothing count as not set."""
        good = dict(values)
        while True:
            try:
                return cls.model_validate(good)
            except ValidationError as error:
                for fault in error.errors():
                    good.pop(str(fault["loc"][0]), None)


class Limits(_Lenient):
    """What holders of a role may have; None: no limit but the host's."""

    max_bytes: int | None = Field(default=None, ge=1)  # of one download
    running: int | None = Field(default=None, ge=1)  # of one member at once
    waiting: int | None = Field(default=None, ge=1)  # of one member
    a_day: int | None = Field(default=None, ge=1)  # of one member in 24 hours


class RoleRules(Limits):
    """What a role allows. A member has the most that one of his roles gives."""

    download: bool = True
    manage_queue: bool = False
    manage_settings: bool = False
    view_stats: bool = False
    torrents: bool = False


class GuildPreferences(_Lenient):
    """A guild's choices; what is None there is the host's default."""

    language: str | None = None
    notify: Notify = Notify.NORMAL
    quality: str | None = None
    detect_in: tuple[int, ...] = ()  # channels where links are noticed without a command
    everyone: RoleRules = RoleRules(view_stats=True)
    roles: dict[int, RoleRules] = {}


class MemberPreferences(_Lenient):
    """A member's own choices, in all guilds; None: the guild's."""

    language: str | None = None
    notify: Notify | None = None
    quality: str | None = None
    priority: int = Field(default=0, ge=-1, le=0)  # higher is for those who manage the queue
    mention: bool = False
    auto_retry: bool = True
    bar: BarStyle = BarStyle.STANDARD
