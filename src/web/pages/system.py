"""For the owner: the processes, and the settings with where each comes from."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.web_sessions import WebSession
from web.desk import desk_of
from web.logins import owners_only
from web.render import page


async def show(request: Request, session: WebSession) -> Response:
    """Both."""
    desk = desk_of(request)
    processes = await desk.queries.runners()
    counts = await desk.queries.counts()
    values: dict[str, Any] = {"processes": processes, "allowed": desk.rules.heartbeat_allowed, "counts": counts}
    return page(request, "system.html", session=session, settings=desk.settings, **values)


routes = [Route("/system", owners_only(show))]
