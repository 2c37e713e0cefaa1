"""The first page: a link to paste, and what moves, live."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import RequestRefused
from core.models import Download
from core.viewers import Viewer
from core.web_queries import Look, Shown
from core.web_sessions import WebSession
from web.asking import QUALITIES, request_of, rules_for
from web.desk import Desk, desk_of
from web.logins import logged_in
from web.render import page, part, spoken
from web.words import name_of, state_word

ROWS = 40  # that are drawn; the rest is told by its number
LATELY = 6
PING = 20  # seconds; proxies end connections that say nothing


async def show(request: Request, session: WebSession) -> Response:
    """The form and the queue as it is now."""
    return await _page(request, session)


async def submit(request: Request, session: WebSession) -> Response:
    """A new download; the page of it."""
    desk = desk_of(request)
    rules = await rules_for(session.viewer, desk.queries)
    most = None if session.viewer.is_owner else desk.rules.max_waiting
    form = await request.form()
    try:
        row = request_of(form, session.viewer, rules)
        requests = desk.requests_of(session.viewer.actor)
        quotas = None if session.viewer.is_owner else desk.rules.quotas
        number = await requests.submit(row, max_waiting=most, limits=rules.limits, quotas=quotas)
    except RequestRefused as refused:  # with what was written, to be mended
        return await _page(request, session, fault=str(refused), written=form, status=400)
    return RedirectResponse(f"/downloads/{number}", 303)


async def live(request: Request, session: WebSession) -> Response:
    """The queue as a stream of pieces of the page."""
    desk = desk_of(request)
    if desk.hub.is_full_for(session.token_hash):
        return Response(status_code=503, headers={"Retry-After": "10"})
    return EventSourceResponse(_pieces(desk, session), ping=PING)


async def _pieces(desk: Desk, session: WebSession) -> AsyncIterator[ServerSentEvent]:
    """The whole list when rows came, went or changed places; else only the rows that changed."""
    seen: dict[int, Download] = {}
    order: list[int] | None = None
    async with aclosing(desk.hub.watch(session.token_hash)) as looks:
        async for look in looks:
            mine = of_viewer(look, session.viewer)
            rows = mine[:ROWS]
            if [row.id for row in rows] != order:
                yield ServerSentEvent(await _list(desk, session, mine), event="queue")
            elif changed := [row for row in rows if seen.get(row.id) != row]:
                yield ServerSentEvent(part("rows.html", session=session, rows=changed, swapped=True), event="rows")
            if order is not None and (told := _told(seen, mine)):
                yield spoken(". ".join(told))
            seen, order = {row.id: row for row in mine}, [row.id for row in rows]
    if not desk.hub.closed:  # else the browser comes back by itself
        yield ServerSentEvent("", event="ended")


async def _list(desk: Desk, session: WebSession, mine: Sequence[Download]) -> str:
    lately = await desk.pages.page(session.viewer, shown=Shown.OVER, limit=LATELY)
    values: dict[str, Any] = {"rows": mine[:ROWS], "left_out": max(0, len(mine) - ROWS), "lately": lately}
    return part("queue_list.html", session=session, swapped=False, **values)


def of_viewer(look: Look, viewer: Viewer) -> list[Download]:
    """What of a look is his to see."""
    return [download for download in look.queue if viewer.may_see(download)]


def _told(before: dict[int, Download], now: Sequence[Download]) -> list[str]:
    """What a screen reader says: changes of state, not of numbers."""
    states = {row.id: state_word(row) for row in now}
    changed = [row for row in now if row.id not in before or state_word(before[row.id]) != states[row.id]]
    gone = [row for id_, row in before.items() if id_ not in states]
    return [f"{name_of(row)}: {states[row.id]}" for row in changed] + [f"{name_of(row)}: ended" for row in gone]


async def _page(
    request: Request, session: WebSession, *, fault: str = "", written: FormData | None = None, status: int = 200
) -> Response:
    desk = desk_of(request)
    look = await desk.pages.look(watched=(), sessions=())
    queue = await _list(desk, session, of_viewer(look, session.viewer))
    may_ask = (await rules_for(session.viewer, desk.queries)).download
    values: dict[str, Any] = {
        "queue": queue,
        "may_ask": may_ask,
        "qualities": QUALITIES,
        "fault": fault,
        "written": written or {},
    }
    return page(request, "queue.html", session=session, status=status, **values)


routes = [
    Route("/", logged_in(show)),
    Route("/live", logged_in(live)),
    Route("/downloads", logged_in(submit), methods=["POST"]),
]
