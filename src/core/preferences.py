"""What guilds and members set for themselves: JSON in `guild_settings.settings` and `user_settings.settings`.

People also edit it by hand: what means nothing there is left out, never fatal.
"""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
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
        good = copy.deepcopy(dict(values))
        while True:
            try:
                return cls.model_validate(good)
            except ValidationError as error:
                for fault in error.errors():
                    _leave_out(good, fault["loc"])

    @classmethod
    def read_text(cls, text: str | None) -> Self:
        """The same of the column's text; None: there is no row."""
        return cls.read(_object(text))

    def written_over(self, text: str | None) -> str:
        """The column's new text: only what differs from the defaults, and whatever else stood there."""
        foreign = {name: value for name, value in _object(text).items() if name not in type(self).model_fields}
        return json.dumps(foreign | self.model_dump(mode="json", exclude_defaults=True))


class Limits(_Lenient):
    """What holders of a role may have; None: no limit but the host's."""

    max_bytes: int | None = Field(default=None, ge=1)  # of one download
    running: int | None = Field(default=None, ge=1, le=2**31 - 1)  # of one member at once
    waiting: int | None = Field(default=None, ge=1, le=2**31 - 1)  # of one member
    a_day: int | None = Field(default=None, ge=1, le=2**31 - 1)  # of one member in 24 hours


class RoleRules(Limits):
    """What a role allows; None: nothing is said of it."""

    download: bool | None = None
    manage_queue: bool | None = None
    manage_settings: bool | None = None
    view_stats: bool | None = None
    torrents: bool | None = None

    @property
    def limits(self) -> Limits:
        """The limits alone."""
        return Limits(**{name: getattr(self, name) for name in Limits.model_fields})


EVERYONE = RoleRules(download=True, manage_queue=False, manage_settings=False, view_stats=True, torrents=False)


def combined(everyone: RoleRules, roles: Iterable[RoleRules]) -> RoleRules:
    """What holds for a member: what his roles say, the most generous of them; else what holds for everyone."""
    held = list(roles)

    def most(name: str) -> Any:
        said = [value for rules in held if (value := getattr(rules, name)) is not None]
        if said:
            return max(said)
        value = getattr(everyone, name)
        return getattr(EVERYONE, name) if value is None else value

    return RoleRules(**{name: most(name) for name in RoleRules.model_fields})


class Retention(_Lenient):
    """Hours that files stay, by how their download ended; 0: for ever, None: as the host has it."""

    delivered: float | None = Field(default=None, ge=0)
    failed: float | None = Field(default=None, ge=0)
    undelivered: float | None = Field(default=None, ge=0)
    kept: float | None = Field(default=None, ge=0)


class GuildPreferences(_Lenient):
    """A guild's choices; what is None there is the host's default."""

    language: str | None = None
    notify: Notify = Notify.NORMAL
    quality: str | None = None
    detect_in: tuple[int, ...] = ()  # channels where links are noticed without a command
    everyone: RoleRules = RoleRules()
    roles: dict[int, RoleRules] = {}
    repost: bool = False  # media that was posted here already is posted again, without a wish for it
    retention: Retention = Retention()

    def rules_for(self, role_ids: Iterable[int]) -> RoleRules:
        """What holds for a member with these roles."""
        return combined(self.everyone, [self.roles[role] for role in role_ids if role in self.roles])


class MemberPreferences(_Lenient):
    """A member's own choices, in all guilds; None: the guild's."""

    language: str | None = None
    notify: Notify | None = None
    quality: str | None = None
    priority: int = Field(default=0, ge=-1, le=0)  # higher is for those who manage the queue
    mention: bool = False
    auto_retry: bool = True
    bar: BarStyle = BarStyle.STANDARD


def _object(text: str | None) -> dict[str, Any]:
    try:
        return dict(json.loads(text or "{}"))
    except (ValueError, TypeError, RecursionError):
        return {}


def _leave_out(values: dict[str, Any], path: Sequence[int | str]) -> None:
    """Remove what stands at a path, or the nearest above it that a dictionary holds."""
    holder, key = values, str(path[0])
    inner: Any = values.get(key)
    for step in path[1:]:
        if not isinstance(inner, dict) or str(step) not in inner:
            break
        holder, key, inner = inner, str(step), inner[str(step)]
    holder.pop(key, None)
