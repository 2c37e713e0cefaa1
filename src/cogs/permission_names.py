"""Discord's permissions by the names that its English client shows."""

from collections.abc import Iterable

import discord

# What the bot is invited with. Without those for threads, long lists stay on their card.
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)
SPECIAL = {"read_messages": "View Channel", "manage_guild": "Manage Server", "moderate_members": "Timeout Members"}


def permission_names(flags: Iterable[str]) -> list[str]:
    """The names of the library's flags, such as `attach_files`."""
    return [SPECIAL.get(flag, flag.replace("_", " ").title().replace(" In ", " in ")) for flag in flags]


def missing_permissions(
    has: discord.Permissions, channel: object, *, files: bool = True, reactions: bool = False
) -> list[str]:
    """What the bot lacks to do its work in a channel, by name.

    Args:
        has: what it may do there.
        channel: where; a thread asks for a permission of its own.
        files: whether it is to attach files.
        reactions: whether it is to add reactions.
    """
    sends = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    needed = ["view_channel", sends, *["attach_files"] * files, *["add_reactions"] * reactions]
    return permission_names(flag for flag in needed if not getattr(has, flag))
