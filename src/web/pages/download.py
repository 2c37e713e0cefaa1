"""One download: how far it is, its files, entries and history; and what may be asked of it."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import RequestRefused
from core.models import Download
from core.requests import Ask
from core.web_sessions import WebSession
from web.desk import Desk, desk_of
from web.link_hours import usual_for
from web.logins import NotYours, logged_in
from web.numbers import number_in_path
from web.pages.queue import PING
from web.render import page, part, spoken
from web.served_files import path_of, shown_as
from web.words import PRIORITIES, name_of, state_word

NUMBERS = {name: number for number, name in PRIORITIES.items()}


@dataclass(frozen=True, slots=True)
class Unmade:
    """A link that was refused: to which file, what was written, and why."""

    file_id: int
    hours: str
    fault: str


async def show(request: Request, session: WebSession) -> Response:
    """All of it."""
    return await drawn(request, session, await _found(request, session))


async def drawn(
    request: Request, session: WebSession, download: Download, *, unmade: Unmade | None = None, status: int = 200
) -> Response:
    """The page of a download that he may see."""
    panel = part("panel.html", session=session, download=download)
    rest = await _rest(desk_of(request), session, download, unmade)
    values: dict[str, Any] = {"download": download, "panel": panel, "rest": rest, "drawn": _mark(download)}
    return page(request, "download.html", session=session, status=status, **values)


async def ask(request: Request, session: WebSession) -> Response:
    """Cancel, pause, resume, retry, or change the priority; decided by the statement that writes."""
    number = number_in_path(request)
    form = await request.form()
    what = str(form.get("ask", ""))
    requests = desk_of(request).requests_of(session.viewer.actor)
    only = session.viewer.sees()
    if what in NUMBERS:
        first = NUMBERS[what] > 0  # goes before those of everybody else
        asked = await requests.prioritize([number], NUMBERS[what], only=session.viewer.manages() if first else only)
    elif what in list(Ask):
        asked = await requests.ask(Ask(what), [number], only=only)
    else:
        raise RequestRefused("Nothing that can be asked of a download has this name.")
    if not asked and await desk_of(request).pages.download(number, session.viewer) is None:
        raise NotYours
    if not asked and what in NUMBERS and NUMBERS[what] > 0 and not session.viewer.is_owner:
        raise RequestRefused("Only those who manage the queue of its server may let a download go first.")
    told = f"#{number}: {what} asked." if asked else f"#{number}: there is nothing to {what} now."
    if request.headers.get("hx-request"):
        return page(request, "toast.html", session=session, told=told)
    return RedirectResponse(f"/downloads/{number}", 303)


async def live(request: Request, session: WebSession) -> Response:
    """The same as a stream of pieces of the page."""
    desk = desk_of(request)
    download = await _found(request, session)
    if desk.hub.is_full_for(session.token_hash):
        return Response(status_code=503, headers={"Retry-After": "10"})
    asked = request.query_params.get("drawn", "")
    return EventSourceResponse(_pieces(desk, session, download.id, asked), ping=PING)


async def _pieces(desk: Desk, session: WebSession, download_id: int, mark: str) -> AsyncIterator[ServerSentEvent]:
    """The panel whenever a number changed, the rest when it is not that of `mark` any more: a form may be in use."""
    before: Download | None = None
    async with aclosing(desk.hub.watch(session.token_hash, download_id)) as looks:
        async for look in looks:
            download = look.watched.get(download_id)
            if download is None or not session.viewer.may_see(download):
                break
            if download != before:
                yield ServerSentEvent(part("panel.html", session=session, download=download), event="panel")
            if mark != _mark(download):
                mark = _mark(download)
                yield ServerSentEvent(await _rest(desk, session, download), event="rest")
                if before is not None:
                    yield spoken(f"{name_of(download)}: {state_word(download)}")
            before = download
    if not desk.hub.closed:  # else the browser comes back by itself
        yield ServerSentEvent("", event="ended")


def _mark(download: Download) -> str:
    """What the rest of its page goes by."""
    return f"{download.status}-{download.epoch}-{download.is_over:d}"


async def _rest(desk: Desk, session: WebSession, download: Download, unmade: Unmade | None = None) -> str:
    """Files, entries and history."""
    files = await desk.queries.files(download.id)
    links = await desk.links.of_download(download.id)
    values: dict[str, Any] = {
        "files": [(file, path_of(file, desk.rules.roots) is not None, shown_as(file)) for file in files],
        "links": links,
        "entries": await desk.queries.children([download.id], limit=200),
        "events": await desk.queries.history(download.id),
        "link_hours": usual_for(session.viewer, desk.rules),
        "unmade": unmade,
        "names": await desk.members.names([download.user_id]),
    }
    return part("rest.html", session=session, download=download, **values)


async def _found(request: Request, session: WebSession) -> Download:
    download = await desk_of(request).pages.download(number_in_path(request), session.viewer)
    if download is None:
        raise NotYours
    return download


routes = [
    Route("/downloads/{id:int}", logged_in(show)),
    Route("/downloads/{id:int}/live", logged_in(live)),
    Route("/downloads/{id:int}/ask", logged_in(ask), methods=["POST"]),
]
