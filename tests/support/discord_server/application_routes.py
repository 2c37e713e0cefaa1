"""REST: the bot itself, its application, its commands, and where the gateway is."""

from typing import Any

from aiohttp import web

from .bodies import read_body
from .localizations import without_localizations
from .wire import json_answer, nothing, number, world_of

routes = web.RouteTableDef()
GLOBAL = r"/applications/{application_id:\d+}/commands"
IN_GUILD = r"/applications/{application_id:\d+}/guilds/{guild_id:\d+}/commands"


@routes.get("/users/@me")
async def me(request: web.Request) -> web.Response:
    return json_answer(world_of(request).bot.to_json() | {"verified": True, "mfa_enabled": False})


@routes.get("/applications/@me")
@routes.get("/oauth2/applications/@me")
async def application(request: web.Request) -> web.Response:
    world = world_of(request)
    data: dict[str, Any] = {
        "id": str(world.application_id),
        "name": world.bot.name,
        "description": "",
        "summary": "",
        "verify_key": "0" * 64,
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": world.owner.to_json(),
        "team": None,
        "flags": 1 << 19 if world.settings.privileged_intents_are_granted else 0,
        "rpc_origins": [],
        "approximate_guild_count": len(world.guilds),
    }
    return json_answer(data)


@routes.get("/gateway")
@routes.get("/gateway/bot")
async def gateway(request: web.Request) -> web.Response:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    url = world_of(request).origin.replace("http", "ws", 1) + "/gateway"
    return json_answer({"url": url, "shards": world_of(request).settings.shards, "session_start_limit": limit})


@routes.get(r"/applications/{application_id:\d+}/emojis")
async def emojis(request: web.Request) -> web.Response:
    return json_answer({"items": []})


def _scope(request: web.Request) -> int | None:
    if "guild_id" not in request.match_info:
        return None
    return world_of(request).guild(number(request, "guild_id")).id


@routes.get(GLOBAL)
@routes.get(IN_GUILD)
async def list_commands(request: web.Request) -> web.Response:
    commands = world_of(request).commands.all(_scope(request))
    if request.query.get("with_localizations", "false").lower() not in ("1", "true"):
        commands = [without_localizations(one) for one in commands]
    return json_answer(commands)


@routes.put(GLOBAL)
@routes.put(IN_GUILD)
async def overwrite_commands(request: web.Request) -> web.Response:
    definitions = (await read_body(request)).payload
    world = world_of(request)
    answer = world.commands.overwrite(_scope(request), definitions)
    world.changes.announce()
    return json_answer(answer)


@routes.post(GLOBAL)
@routes.post(IN_GUILD)
async def upsert_command(request: web.Request) -> web.Response:
    fields = (await read_body(request)).fields
    world = world_of(request)
    answer = world.commands.upsert(_scope(request), fields)
    world.changes.announce()
    return json_answer(answer)


@routes.get(GLOBAL + r"/{command_id:\d+}")
@routes.get(IN_GUILD + r"/{command_id:\d+}")
async def fetch_command(request: web.Request) -> web.Response:
    return json_answer(world_of(request).commands.get(_scope(request), request.match_info["command_id"]))


@routes.patch(GLOBAL + r"/{command_id:\d+}")
@routes.patch(IN_GUILD + r"/{command_id:\d+}")
async def edit_command(request: web.Request) -> web.Response:
    fields = (await read_body(request)).fields
    commands, scope = world_of(request).commands, _scope(request)
    return json_answer(commands.upsert(scope, commands.get(scope, request.match_info["command_id"]) | fields))


@routes.delete(GLOBAL + r"/{command_id:\d+}")
@routes.delete(IN_GUILD + r"/{command_id:\d+}")
async def delete_command(request: web.Request) -> web.Response:
    world_of(request).commands.remove(_scope(request), request.match_info["command_id"])
    return nothing()
