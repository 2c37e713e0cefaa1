"""Emoji put on a message and taken off again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .messages import emoji_json

if TYPE_CHECKING:
    from .messages import Message
    from .people import User


def react(message: Message, user: User, emoji: str) -> None:
    users = message.reactions.setdefault(emoji, [])
    if user.id not in users:
        users.append(user.id)
        _dispatch_reaction("MESSAGE_REACTION_ADD", message, user, emoji)


def unreact(message: Message, user: User, emoji: str) -> None:
    users = message.reactions.get(emoji, [])
    if user.id in users:
        users.remove(user.id)
        if not users:
            del message.reactions[emoji]
        _dispatch_reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)


def _dispatch_reaction(event: str, message: Message, user: User, emoji: str) -> None:
    guild = message.channel.guild
    data: dict[str, Any] = {
        "user_id": str(user.id),
        "channel_id": str(message.channel.id),
        "message_id": str(message.id),
        "message_author_id": str(message.author.id),
        "emoji": emoji_json(emoji),
        "burst": False,
        "type": 0,
    }
    if guild is not None:
        data["guild_id"] = str(guild.id)
        member = guild.member(user.id)
        if member is not None and event == "MESSAGE_REACTION_ADD":
            data["member"] = member.to_json()
    message.channel.world.dispatch(event, data, guild)
