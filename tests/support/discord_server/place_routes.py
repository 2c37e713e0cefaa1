"""REST: channels, threads, guilds, members and users."""

from aiohttp import web

from . import posting
from .access import channel_of, message_of
from .bodies import read_body
from .channels import Channel, ChannelKind
from .errors import ApiError, Refusal, invalid_form
from .members import Member
from .messages import Message
from .permissions import Permission
from .wire import json_answer, nothing, number, world_of

routes = web.RouteTableDef()
CHANNEL = r"/channels/{channel_id:\d+}"
GUILD = r"/guilds/{guild_id:\d+}"


@routes.get(CHANNEL)
async def fetch_channel(request: web.Request) -> web.Response:
    return json_answer(channel_of(request).to_json())


@routes.patch(CHANNEL)
async def edit_channel(request: web.Request) -> web.Response:
    fields = (await read_body(request)).fields
    channel = channel_of(request)
    if not channel.is_thread:
        channel_of(request, Permission.MANAGE_CHANNELS)
    channel.name = fields.get("name", channel.name)
    channel.archived = fields.get("archived", channel.archived)
    channel.locked = fields.get("locked", channel.locked)
    event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    world_of(request).dispatch(event, channel.to_json(), channel.guild)
    return json_answer(channel.to_json())


@routes.post(CHANNEL + "/typing")
async def typing(request: web.Request) -> web.Response:
    channel = channel_of(request, Permission.SEND_MESSAGES)
    channel.typing_seen += 1
    channel.world.changes.announce()
    return nothing()


@routes.post(CHANNEL + "/threads")
async def open_thread(request: web.Request) -> web.Response:
    return await _open_thread(request, None)


@routes.post(CHANNEL + r"/messages/{message_id:\d+}/threads")
async def open_thread_on_message(request: web.Request) -> web.Response:
    return await _open_thread(request, message_of(request, channel_of(request)))


async def _open_thread(request: web.Request, starter: Message | None) -> web.Response:
    body = await read_body(request)
    name = body.fields["name"]
    parent: Channel = channel_of(request)
    post = parent.kind is ChannelKind.FORUM
    if parent.guild is None or parent.is_thread or not (post or parent.kind is ChannelKind.TEXT):
        raise ApiError(Refusal.WRONG_CHANNEL_TYPE)
    channel_of(request, Permission.SEND_MESSAGES if post else Permission.CREATE_PUBLIC_THREADS)
    if not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if starter is not None and starter.thread is not None:
        raise ApiError(Refusal.THREAD_EXISTS)
    thread = parent.guild.add_thread(parent, name, starter)
    if not post:
        return json_answer(thread.to_json(), 201)
    first = posting.compose(thread, parent.world.bot, body.fields.get("message") or {}, body)
    posting.show(first)
    return json_answer(thread.to_json() | {"message": first.to_json()}, 201)


@routes.put(CHANNEL + "/thread-members/@me")
async def join_thread(request: web.Request) -> web.Response:
    channel_of(request)
    return nothing()


@routes.get(GUILD)
async def fetch_guild(request: web.Request) -> web.Response:
    guild = world_of(request).guild(number(request, "guild_id"))
    counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 0}
    return json_answer(guild.to_json() | counts)


@routes.get(GUILD + "/channels")
async def fetch_channels(request: web.Request) -> web.Response:
    guild = world_of(request).guild(number(request, "guild_id"))
    return json_answer(guild.to_json()["channels"])


@routes.get(GUILD + "/roles")
async def fetch_roles(request: web.Request) -> web.Response:
    guild = world_of(request).guild(number(request, "guild_id"))
    return json_answer([role.to_json() for role in guild.roles])


@routes.get(GUILD + "/threads/active")
async def fetch_threads(request: web.Request) -> web.Response:
    guild = world_of(request).guild(number(request, "guild_id"))
    return json_answer({"threads": guild.to_json()["threads"], "members": []})


@routes.get(GUILD + "/members")
async def fetch_members(request: web.Request) -> web.Response:
    guild = world_of(request).guild(number(request, "guild_id"))
    after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 1))
    listed: list[Member] = sorted((one for one in guild.members if one.id > after), key=lambda one: one.id)
    return json_answer([one.to_json() for one in listed[:limit]])


@routes.get(GUILD + r"/members/{user_id:\d+}")
async def fetch_member(request: web.Request) -> web.Response:
    member = world_of(request).guild(number(request, "guild_id")).member(number(request, "user_id"))
    if member is None:
        raise ApiError(Refusal.UNKNOWN_MEMBER)
    return json_answer(member.to_json())


@routes.get(r"/users/{user_id:\d+}")
async def fetch_user(request: web.Request) -> web.Response:
    user = world_of(request).users.get(number(request, "user_id"))
    if user is None:
        raise ApiError(Refusal.UNKNOWN_USER)
    return json_answer(user.to_json())


@routes.post("/users/@me/channels")
async def open_dm(request: web.Request) -> web.Response:
    fields = (await read_body(request)).fields
    user = world_of(request).users.get(int(fields["recipient_id"]))
    if user is None:
        raise ApiError(Refusal.UNKNOWN_USER)
    return json_answer(world_of(request).dm_with(user).to_json())


@routes.get("/users/@me/guilds")
async def own_guilds(request: web.Request) -> web.Response:
    guilds = [one.to_json() for one in world_of(request).guilds.values() if one.bot_is_in]
    return json_answer([one | {"owner": False, "permissions": "0"} for one in guilds])
