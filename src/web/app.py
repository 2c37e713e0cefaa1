"""The application: all routes, what stands before them, and what becomes of errors."""

from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from loguru import logger
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from core.database import DatabaseFault
from core.errors import BossBotError, OverLimit
from web.desk import Desk
from web.guarding import Guarding
from web.logins import NotFromOurForm, NotYours, session_of
from web.pages import download, figures, files, links, lists, login, queue, system
from web.render import STATIC, page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAGES = (queue, download, lists, files, links, figures, system, login)
STATIC_SECONDS = 7 * 24 * 3600


class _Static(StaticFiles):
    """Files that never change under one address: the address carries a mark of what they hold."""

    def file_response(self, *args: object, **more: object) -> Response:
        answer = super().file_response(*args, **more)  # type: ignore[arg-type]  # handed on as they came
        answer.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}"
        return answer


def create_app(desk: Desk, *, hosts: Sequence[str], more: Sequence[BaseRoute] = ()) -> Starlette:
    """The application.

    Args:
        desk: what its pages work with.
        hosts: the names under which it answers; all others are refused, so that no foreign name can be pointed here.
        more: routes of others, such as health and metrics.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> "AsyncIterator[None]":
        yield
        await desk.hub.close()

    own = [route for module in PAGES for route in module.routes]
    app = Starlette(
        routes=[*own, *more, Mount("/static", _Static(directory=STATIC))],
        middleware=[
            Middleware(Guarding),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={
            HTTPException: _http_error,
            BossBotError: _our_error,
            DatabaseFault: _database_fault,
            Exception: _unexpected,
        },
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


async def _our_error(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, NotYours) else 403 if isinstance(error, NotFromOurForm) else 400
    return await _told(request, str(error), 429 if isinstance(error, OverLimit) else status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = NotYours.sentence if error.status_code == 404 else str(error.detail)
    return await _told(request, sentence, error.status_code)


async def _database_fault(request: Request, error: Exception) -> Response:
    logger.warning("the database did not answer the web page: {}", error)
    return page(request, "error.html", sentence="The database does not answer. Try again in a moment.", status=503)


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.opt(exception=error).error("a page failed")
    return page(request, "error.html", sentence="Something went wrong here. The log has more of it.", status=500)


async def _told(request: Request, sentence: str, status: int) -> Response:
    """A sentence: within the page for a script, else as a page."""
    session = await session_of(request)
    if request.headers.get("hx-request"):
        return page(request, "toast.html", session=session, told=sentence)  # htmx shows nothing of a refusal by status
    return page(request, "error.html", session=session, sentence=sentence, status=status)
