"""Coming in and going out: with Discord, or with the token of the owner."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from loguru import logger
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import RequestRefused
from core.viewers import Viewer
from core.web_sessions import WebSession
from web.desk import Desk, desk_of
from web.discord_login import Person
from web.logins import cookie_name, is_secure, logged_in, session_of, set_cookie
from web.render import page

BACK = "/login/discord/back"
BEGUN_COOKIE = "boss_bot_login"
BEGUN_SECONDS = 600
STRANGER = "You share no server with this bot. Ask for a download in a server first, then come back."
_signer = URLSafeTimedSerializer(secrets.token_urlsafe(32), "login")  # a login that a restart interrupts begins anew


async def show(request: Request) -> Response:
    """The page with the ways in."""
    if await session_of(request) is not None:
        return RedirectResponse("/", 303)
    return _page(request)


async def with_token(request: Request) -> Response:
    """The owner with the token."""
    desk = desk_of(request)
    if desk.admin_token is None:
        return _page(request, "There is no login with a token here.", 403)
    address = request.client.host if request.client else ""
    form = await request.form()
    # The right one is let in whatever others tried, who could else keep its owner out; it is too long to be guessed.
    if not desk.admin_token.admits(str(form.get("token", ""))):
        if wait := desk.attempts.wait(address):
            answer = _page(request, f"Too many wrong tokens. Try again in {wait:.0f} seconds.", 429)
            answer.headers["Retry-After"] = f"{wait:.0f}"
            return answer
        desk.attempts.failed(address)
        logger.bind(address=address).warning("a wrong token at the web page")
        return _page(request, "This is not the token.", 403)
    owner = Viewer(user_id=None, name="Owner", is_owner=True)
    return await _come_in(request, owner, str(form.get("after", "/")), by=desk.admin_token.mark)


async def to_discord(request: Request) -> Response:
    """Send the browser to Discord, and remember in a cookie what has to come back."""
    desk = desk_of(request)
    if desk.discord is None:
        return RedirectResponse("/login", 303)
    begun = desk.discord.begin(desk.base_url(request) + BACK)
    kept = _signer.dumps([begun.state, begun.verifier, _inside(request.query_params.get("after", "/"))])
    answer = RedirectResponse(begun.url, 303)
    set_cookie(request, answer, BEGUN_COOKIE, str(kept), seconds=BEGUN_SECONDS)
    return answer


async def from_discord(request: Request) -> Response:
    """Back from Discord with a code; what was remembered for that is used up, however it ends."""
    answer = await _confirmed(request)
    answer.delete_cookie(BEGUN_COOKIE, secure=is_secure(request), httponly=True, samesite="lax")
    return answer


async def _confirmed(request: Request) -> Response:
    desk = desk_of(request)
    try:
        state, verifier, after = _signer.loads(request.cookies.get(BEGUN_COOKIE, ""), max_age=BEGUN_SECONDS)
    except BadData:
        return _page(request, "This login was not begun here, or too long ago. Try again.", 400)
    code = request.query_params.get("code", "")
    known = secrets.compare_digest(request.query_params.get("state", "").encode(), str(state).encode())
    if desk.discord is None or not known or not code:
        return _page(request, "Discord did not confirm the login. Try again.", 400)
    try:
        back = desk.base_url(request) + BACK
        person = await desk.discord.finish(code, str(verifier), back, desk.sessions.known_guilds)
    except RequestRefused as refused:
        return _page(request, str(refused), 502)
    viewer = await _viewer(desk, person)
    if viewer is None:
        return _page(request, STRANGER, 403)
    return await _come_in(request, viewer, str(after))


async def leave(request: Request, session: WebSession) -> Response:
    """End this login, or all of this person."""
    desk = desk_of(request)
    if (await request.form()).get("where") == "everywhere":
        await desk.sessions.close_all_of(session.viewer)
    else:
        await desk.sessions.close(session.token_hash)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(request), secure=is_secure(request), httponly=True, samesite="lax")
    return answer


async def _viewer(desk: Desk, person: Person) -> Viewer | None:
    """What he may see; None for a stranger: not everybody on Discord may use this bot."""
    is_owner = person.id in desk.rules.owners
    viewer = Viewer(user_id=person.id, name=person.name, is_owner=is_owner, seats=person.seats)
    asked = is_owner or person.seats or await desk.pages.page(viewer, limit=1)
    return viewer if asked else None


async def _come_in(request: Request, viewer: Viewer, after: str, *, by: str | None = None) -> Response:
    desk = desk_of(request)
    seconds = desk.rules.session_seconds
    token = await desk.sessions.open(viewer, seconds=seconds, by=by)
    logger.bind(user=viewer.user_id, owner=viewer.is_owner).info("logged in at the web page")
    answer = RedirectResponse(_inside(after), 303)
    set_cookie(request, answer, cookie_name(request), token, seconds=seconds)
    return answer


def _inside(after: str) -> str:
    """A path of this page; never another site."""
    parts = urlsplit(after.replace("\\", "/"))
    inside = after.startswith("/") and not after.startswith("//") and not parts.netloc and not parts.scheme
    return after if inside and after.isprintable() else "/"


def _page(request: Request, fault: str = "", status: int = 200) -> Response:
    desk = desk_of(request)
    after = _inside(request.query_params.get("after", "/"))
    values: dict[str, Any] = {"fault": fault, "after": after, "with_discord": desk.discord is not None}
    return page(request, "login.html", status=status, with_token=desk.admin_token is not None, **values)


routes = [
    Route("/login", show),
    Route("/login", with_token, methods=["POST"]),
    Route("/login/discord", to_discord),
    Route(BACK, from_discord),
    Route("/logout", logged_in(leave), methods=["POST"]),
]
