"""A message with files, as it is sent and as it is found again; knows nothing of discord.py."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, and the message there that the files answer."""

    channel_id: int
    guild_id: int | None
    reply_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One file of a message."""

    path: Path
    name: str  # as it is shown
    description: str | None  # alt text


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is sent. `send_before` is a time of the monotonic clock after which nothing may be sent any more."""

    text: str
    files: tuple[Attached, ...]
    spoiler: bool
    nonce: str
    send_before: float
    mention: int | None = None  # the one member who is pinged


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What is there: a message of ours."""

    message_id: int
    text: str
    nonce: str | None  # only the answer to a send is sure to have it
    sizes: tuple[int, ...]  # bytes of each attachment
    urls: tuple[str, ...]
