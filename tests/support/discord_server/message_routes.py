"""REST: messages and reactions."""

from typing import Any

from aiohttp import web

from . import posting, reactions
from .access import channel_of, message_of
from .bodies import read_body
from .channels import Channel, ChannelKind
from .errors import ApiError, Refusal, invalid_form
from .messages import Message
from .permissions import Permission
from .wire import json_answer, nothing, number, world_of

routes = web.RouteTableDef()
MESSAGES = r"/channels/{channel_id:\d+}/messages"
MESSAGE = MESSAGES + r"/{message_id:\d+}"


@routes.post(MESSAGES)
async def create(request: web.Request) -> web.Response:
    body = await read_body(request)
    fields, world = body.fields, world_of(request)
    channel = channel_of(request)
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    channel_of(request, needed | (Permission.ATTACH_FILES if body.files else Permission(0)))
    if channel.kind is ChannelKind.FORUM:
        raise ApiError(Refusal.NOT_A_TEXT_CHANNEL)
    if channel.locked and Permission.MANAGE_THREADS not in channel.permissions_of_bot():
        raise ApiError(Refusal.THREAD_LOCKED)
    if channel.kind is ChannelKind.DM and not world.reaches(channel.recipients[0]):
        raise ApiError(Refusal.CLOSED_DM)
    nonce = fields.get("nonce")
    enforced = nonce is not None and fields.get("enforce_nonce", False)
    if enforced and (made := world.nonces.find(world.bot.id, str(nonce))):
        return json_answer(made.to_json(with_nonce=True))
    if Permission.EMBED_LINKS not in channel.permissions_of_bot():
        fields.pop("embeds", None)
    message = posting.compose(channel, world.bot, fields, body)
    channel.archived = False
    posting.show(message)
    if nonce is not None:
        world.nonces.remember(world.bot.id, str(nonce), message)
    return json_answer(message.to_json(with_nonce=True))


@routes.get(MESSAGES)
async def history(request: web.Request) -> web.Response:
    channel = channel_of(request)
    limit = int(request.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if Permission.READ_MESSAGE_HISTORY not in channel.permissions_of_bot():
        return json_answer([])
    return json_answer([_fetched(request, one) for one in _window(channel, request.query, limit)])


def _window(channel: Channel, query: Any, limit: int) -> list[Message]:
    """The part of the history that was asked for, newest first."""
    newest_first = channel.messages[::-1]
    if "before" in query:
        return [one for one in newest_first if one.id < int(query["before"])][:limit]
    if "after" in query:
        return [one for one in newest_first if one.id > int(query["after"])][-limit:]
    if "around" in query:
        older = [one for one in newest_first if one.id <= int(query["around"])]
        newer = [one for one in newest_first if one.id > int(query["around"])]
        return newer[-(limit // 2) :] + older[: limit - limit // 2]
    return newest_first[:limit]


def _fetched(request: web.Request, message: Message) -> dict[str, Any]:
    return message.to_json(with_nonce=world_of(request).settings.history_shows_nonce)


@routes.get(MESSAGE)
async def fetch(request: web.Request) -> web.Response:
    channel = channel_of(request, Permission.READ_MESSAGE_HISTORY)
    return json_answer(_fetched(request, message_of(request, channel)))


@routes.patch(MESSAGE)
async def edit(request: web.Request) -> web.Response:
    body = await read_body(request)
    message = message_of(request, channel_of(request))
    if message.author is not world_of(request).bot:
        raise ApiError(Refusal.NOT_THE_AUTHOR)
    if message.channel.archived:
        raise ApiError(Refusal.THREAD_ARCHIVED)
    if Permission.EMBED_LINKS not in message.channel.permissions_of_bot():
        body.fields.pop("embeds", None)
    posting.change(message, body.fields, body)
    return json_answer(message.to_json())


@routes.delete(MESSAGE)
async def delete(request: web.Request) -> web.Response:
    message = message_of(request, channel_of(request))
    if message.author is not world_of(request).bot:
        channel_of(request, Permission.MANAGE_MESSAGES)
    posting.remove(message)
    return nothing()


@routes.post(MESSAGES + "/bulk-delete")
async def bulk_delete(request: web.Request) -> web.Response:
    fields = (await read_body(request)).fields
    channel = channel_of(request, Permission.MANAGE_MESSAGES)
    for message_id in fields["messages"]:
        message = channel.message(int(message_id))
        if message is not None:
            posting.remove(message)
    return nothing()


@routes.put(MESSAGE + "/reactions/{emoji}/@me")
async def react(request: web.Request) -> web.Response:
    channel = channel_of(request, Permission.ADD_REACTIONS | Permission.READ_MESSAGE_HISTORY)
    reactions.react(message_of(request, channel), world_of(request).bot, request.match_info["emoji"])
    return nothing()


@routes.delete(MESSAGE + r"/reactions/{emoji}/{who:@me|\d+}")
async def unreact(request: web.Request) -> web.Response:
    world, message = world_of(request), message_of(request, channel_of(request))
    if request.match_info["who"] == "@me":
        user = world.bot
    else:
        channel_of(request, Permission.MANAGE_MESSAGES)
        user = world.users[number(request, "who")]
    reactions.unreact(message, user, request.match_info["emoji"])
    return nothing()


@routes.delete(MESSAGE + "/reactions")
async def clear_reactions(request: web.Request) -> web.Response:
    message = message_of(request, channel_of(request, Permission.MANAGE_MESSAGES))
    for emoji, users in list(message.reactions.items()):
        for user_id in list(users):
            reactions.unreact(message, world_of(request).users[user_id], emoji)
    return nothing()
