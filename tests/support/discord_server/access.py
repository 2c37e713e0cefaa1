"""What the bot may touch, decided in the order in which Discord decides it."""

from aiohttp import web

from .channels import Channel
from .errors import ApiError, Refusal
from .messages import Message
from .permissions import NONE, Permission
from .wire import number, world_of


def channel_of(request: web.Request, needed: Permission = NONE) -> Channel:
    """The channel of the path.

    Raises:
        ApiError: unknown (10003), not to be seen by the bot (50001), a needed permission is missing (50013).
    """
    channel = world_of(request).channel(number(request, "channel_id"))
    if not channel.bot_is_in:
        raise ApiError(Refusal.MISSING_ACCESS)
    allowed = channel.permissions_of_bot()
    if Permission.VIEW_CHANNEL not in allowed:
        raise ApiError(Refusal.MISSING_ACCESS)
    if channel.guild is not None and needed & ~allowed:
        raise ApiError(Refusal.MISSING_PERMISSIONS)
    return channel


def message_of(request: web.Request, channel: Channel) -> Message:
    message = channel.message(number(request, "message_id"))
    if message is None or message.is_ephemeral:
        raise ApiError(Refusal.UNKNOWN_MESSAGE)
    return message
