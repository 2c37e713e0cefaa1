"""OAuth2's code flow with PKCE: the page where a person says yes, the token, and what it opens."""

import base64
import re
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from .errors import ApiError, Refusal
from .people import User
from .wire import json_answer, world_of

SCOPES = frozenset(("identify", "guilds", "guilds.members.read"))
pages = web.RouteTableDef()  # below the site
routes = web.RouteTableDef()  # below the API


@pages.get("/oauth2/authorize")
async def authorize(request: web.Request) -> web.Response:
    asked, consent = request.query, world_of(request).consent
    back = asked.get("redirect_uri", "")
    if asked.get("client_id") != consent.client_id or back not in consent.redirects:
        return web.Response(status=400, text="Invalid OAuth2 redirect_uri")
    wrong = asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256"
    scopes = frozenset(asked.get("scope", "").split())
    if wrong or not scopes or not scopes <= SCOPES:
        return web.Response(status=400, text="Invalid OAuth2 request")
    answer = {"state": asked["state"]}
    granted = consent.person and consent.grant(back, asked["code_challenge"], scopes)
    answer |= {"code": granted} if granted else {"error": "access_denied"}
    raise web.HTTPFound(f"{back}?{urlencode(answer)}")


@routes.post("/oauth2/token")
async def token(request: web.Request) -> web.Response:
    consent, form = world_of(request).consent, await request.post()
    login = base64.b64encode(f"{consent.client_id}:{consent.client_secret}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {login}":
        return json_answer({"error": "invalid_client"}, 401)
    granted = consent.redeem(str(form.get("code")), str(form.get("code_verifier")), str(form.get("redirect_uri")))
    if form.get("grant_type") != "authorization_code" or granted is None:
        return json_answer({"error": "invalid_grant"}, 400)
    scope = " ".join(sorted(consent.tokens[granted].scopes))
    return json_answer({"access_token": granted, "token_type": "Bearer", "expires_in": 604_800, "scope": scope})


async def me(request: web.Request) -> web.Response:
    """``/users/@me`` of a person; of the bot, see ``application_routes``."""
    return json_answer(_who(request, "identify").to_json())


async def my_guilds(request: web.Request) -> web.Response:
    """The guilds of a person, with what he may do in each."""
    user = _who(request, "guilds")
    found = [(guild, guild.member(user.id)) for guild in world_of(request).guilds.values()]
    listed: list[dict[str, Any]] = [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner": False,
            "permissions": str(int(member.permissions)),
            "features": [],
        }
        for guild, member in found
        if member is not None
    ]
    return json_answer(listed)


async def my_member(request: web.Request) -> web.Response:
    """The person as a member of one guild, with the ids of his roles."""
    user = _who(request, "guilds.members.read")
    guild = world_of(request).guilds.get(int(request.path.split("/")[-2]))
    if guild is None:
        raise ApiError(Refusal.UNKNOWN_GUILD)
    member = guild.member(user.id)
    if member is None:
        raise ApiError(Refusal.UNKNOWN_MEMBER)
    return json_answer(member.to_json())


OF_PEOPLE: dict[str, Handler] = {
    r"/users/@me": me,
    r"/users/@me/guilds": my_guilds,
    r"/users/@me/guilds/\d+/member": my_member,
}


def of_people(path: str) -> Handler | None:
    """What answers a person's token at this path of the API."""
    return next((handler for pattern, handler in OF_PEOPLE.items() if re.fullmatch(pattern, path)), None)


def _who(request: web.Request, scope: str) -> User:
    user = world_of(request).consent.who(request.headers.get("Authorization"), scope)
    if user is None:
        raise ApiError(Refusal.UNAUTHORIZED)
    return user
