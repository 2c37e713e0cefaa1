"""Who is really pinged by a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .messages import Message

USER_MENTION = re.compile(r"<@!?(\d+)>")
ROLE_MENTION = re.compile(r"<@&(\d+)>")


def work_out_mentions(message: Message, allowed: dict[str, Any] | None) -> None:
    """Works out who is really pinged, which ``allowed_mentions`` may forbid."""
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or [])
    allowed = allowed or {}

    def pinged(pattern: re.Pattern[str], kind: str) -> list[int]:
        named = {int(one) for one in allowed.get(kind) or []}
        ids = dict.fromkeys(int(one) for one in pattern.findall(message.content))
        return [one for one in ids if kind in parse or one in named]

    users = message.channel.world.users
    message.mentions = [users[one] for one in pinged(USER_MENTION, "users") if one in users]
    message.mentioned_roles = pinged(ROLE_MENTION, "roles")
    message.mentions_everyone = "everyone" in parse and bool(re.search("@(everyone|here)", message.content))
