"""Lists: all downloads, and figures of sites, members and servers."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.web_figures import Group, Span
from core.web_queries import Shown
from core.web_sessions import WebSession
from web.desk import desk_of
from web.logins import NotYours, logged_in
from web.numbers import number_asked
from web.render import page

ROWS = 50
LONGEST_TEXT = 200


async def downloads(request: Request, session: WebSession) -> Response:
    """All that are his to see, the newest first."""
    asked = request.query_params
    chosen = {
        "shown": _one_of(Shown, asked.get("shown"), Shown.ALL),
        "text": asked.get("text", "")[:LONGEST_TEXT].strip(),
        "user_id": number_asked(request, "member"),
        "guild_id": number_asked(request, "server"),
        "site": asked.get("site") or None,
    }
    found = await desk_of(request).pages.page(
        session.viewer, before=number_asked(request, "before"), limit=ROWS + 1, **chosen
    )
    more = found[ROWS - 1].id if len(found) > ROWS else None
    # Only where there is a row to see: the name of just any id is nobody's business.
    values: dict[str, Any] = {
        "rows": found[:ROWS],
        "more": more,
        "names": await desk_of(request).members.names([chosen["user_id"]] if found else []),
        "states": [one for one in Shown if one is not Shown.OVER],
    }
    return page(request, "downloads.html", session=session, chosen=chosen, **values)


async def sites(request: Request, session: WebSession) -> Response:
    """How well each site works."""
    broken = await desk_of(request).figures.broken_sites(session.viewer)
    return await _figures(request, session, Group.SITE, "sites.html", broken=broken)


async def members(request: Request, session: WebSession) -> Response:
    """Who asks for how much; for those who moderate."""
    if not (session.viewer.is_owner or session.viewer.moderated):
        raise NotYours
    return await _figures(request, session, Group.MEMBER, "members.html")


async def servers(request: Request, session: WebSession) -> Response:
    """The servers that he moderates, or all: how much they ask for, and what they chose."""
    viewer = session.viewer
    if not (viewer.is_owner or viewer.moderated):
        raise NotYours
    desk, span = desk_of(request), _span(request)
    rows = await desk.figures.by(Group.GUILD, session.viewer, span)
    names = {seat.id: seat.name for seat in session.viewer.seats}
    mine = [row.key for row in rows if row.key is not None and (viewer.is_owner or row.key in viewer.moderated)]
    chosen = {key: await desk.queries.guild_preferences(key) for key in mine}
    values: dict[str, Any] = {"rows": rows, "names": names, "chosen": chosen}
    return page(request, "servers.html", session=session, span=span, spans=list(Span), **values)


async def _figures(request: Request, session: WebSession, group: Group, template: str, **more: Any) -> Response:
    desk, span = desk_of(request), _span(request)
    rows = await desk.figures.by(group, session.viewer, span)
    if group is Group.MEMBER:
        more["names"] = await desk.members.names([row.key for row in rows])
    return page(request, template, session=session, rows=rows, span=span, spans=list(Span), **more)


def _span(request: Request) -> Span:
    found: Span = _one_of(Span, request.query_params.get("span"), Span.MONTH)
    return found


def _one_of(kind: Any, text: str | None, default: Any) -> Any:
    return kind(text) if text in list(kind) else default


routes = [
    Route("/downloads", logged_in(downloads)),
    Route("/sites", logged_in(sites)),
    Route("/members", logged_in(members)),
    Route("/servers", logged_in(servers)),
]
