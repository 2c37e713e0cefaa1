"""OAuth2's code flow with PKCE: the page where a person says yes, the token, and what it opens."""

import base64
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from .errors import ApiError, Refusal
from .wire import json_answer, world_of

pages = web.RouteTableDef()  # below the site
routes = web.RouteTableDef()  # below the API


@pages.get("/oauth2/authorize")
async def authorize(request: web.Request) -> web.Response:
    asked, consent = request.query, world_of(request).consent
    back = asked.get("redirect_uri", "")
    if asked.get("client_id") != consent.client_id or back not in consent.redirects:
        return web.Response(status=400, text="Invalid OAuth2 redirect_uri")
    wrong = asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256"
    if wrong or not {"identify", "guilds"} <= set(asked.get("scope", "").split()):
        return web.Response(status=400, text="Invalid OAuth2 request")
    answer = {"state": asked["state"]}
    answer |= {"code": consent.grant(back, asked["code_challenge"])} if consent.person else {"error": "access_denied"}
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
    return json_answer({"access_token": granted, "token_type": "Bearer", "expires_in": 604_800})


async def me(request: web.Request) -> web.Response:
    """``/users/@me`` of a person; of the bot, see ``application_routes``."""
    user = world_of(request).consent.who(request.headers.get("Authorization"))
    if user is None:
        raise ApiError(Refusal.UNAUTHORIZED)
    return json_answer(user.to_json())


async def my_guilds(request: web.Request) -> web.Response:
    """The guilds of a person, with what he may do in each."""
    user = world_of(request).consent.who(request.headers.get("Authorization"))
    if user is None:
        raise ApiError(Refusal.UNAUTHORIZED)
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
