"""Who sends a request: the cookie of a login that holds, and the word that each form of it has to carry."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.errors import RequestRefused
from core.web_sessions import WebSession
from web.desk import desk_of
from web.guarding import SAFE

COOKIE = "boss_bot_session"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"

Handler = Callable[[Request], Awaitable[Response]]
Page = Callable[[Request, WebSession], Awaitable[Response]]


class NotFromOurForm(RequestRefused):
    """A form came without the word of this login."""

    sentence = "This form is too old. Load the page again and send it once more."


class NotYours(RequestRefused):
    """Not there, or not his to see: which of both is nobody's business."""

    sentence = "There is nothing here, or it is not yours to see."


def logged_in(page: Page) -> Handler:
    """A page for those who are logged in; others are sent to the login. Writes need the word of the login."""

    async def answer(request: Request) -> Response:
        session = await session_of(request)
        if session is None:
            return _to_login(request)
        if request.method not in SAFE:
            await _check_form(request, session)
        return await page(request, session)

    return answer


def owners_only(page: Page) -> Handler:
    """The same for the owner alone."""

    async def answer(request: Request, session: WebSession) -> Response:
        if not session.viewer.is_owner:
            raise NotYours
        return await page(request, session)

    return logged_in(answer)


async def session_of(request: Request) -> WebSession | None:
    """The login of a request, None when there is none that holds."""
    token = request.cookies.get(cookie_name(request))
    desk = desk_of(request)
    session = await desk.sessions.find(token) if token else None
    if session is None:
        return None
    if session.viewer.user_id is None:  # who came with a token; it may have been changed since
        return session if desk.admin_token is not None and session.by == desk.admin_token.mark else None
    if session.viewer.is_owner and session.viewer.user_id not in desk.rules.owners:
        return replace(session, viewer=replace(session.viewer, is_owner=False))
    return session


def cookie_name(request: Request) -> str:
    """With a prefix that makes browsers refuse it from anywhere but this very host over https."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def is_secure(request: Request) -> bool:
    """Whether people reach the page over https."""
    return desk_of(request).base_url(request).startswith("https:")


def set_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int) -> None:
    """A cookie that scripts can't read and other sites can't send with a form."""
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=is_secure(request), httponly=True, samesite="lax")


async def _check_form(request: Request, session: WebSession) -> None:
    sent = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD)
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise NotFromOurForm


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method not in SAFE:
        return RedirectResponse("/login", 303)
    after = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login" if after == "/" else f"/login?after={quote(after, safe='')}", 303)
