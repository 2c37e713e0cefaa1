"""Links that hand a file on to people without a login: made and revoked here, followed at `/d/...`."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import RequestRefused
from core.file_links import FileLink
from core.web_sessions import WebSession
from upload_module.display_names import display_name
from web.desk import Desk, desk_of
from web.logins import NotYours, logged_in
from web.numbers import number_in_path
from web.render import page
from web.served_files import file_answer, path_of, shown_as

LONGEST = 8760  # hours


async def make(request: Request, session: WebSession) -> Response:
    """A new link to a file. Its address is shown once: the database keeps only a hash of it."""
    desk = desk_of(request)
    file_id = number_in_path(request)
    file = await desk.pages.file(file_id, session.viewer)
    if file is None or path_of(file, desk.rules.roots) is None:
        raise NotYours
    seconds = _seconds((await request.form()).get("hours"), desk)
    link = await desk.links.make(file_id, seconds=seconds, actor=session.viewer.actor, only=session.viewer.sees())
    if link is None:
        raise NotYours
    url = f"{desk.base_url(request)}/d/{link.token}"
    return page(request, "link_made.html", session=session, url=url, file=file, expires_at=link.expires_at)


async def listed(request: Request, session: WebSession) -> Response:
    """The links that work."""
    links = await desk_of(request).links.list(only=session.viewer.sees())
    return page(request, "links.html", session=session, links=links)


async def revoke(request: Request, session: WebSession) -> Response:
    """End a link."""
    ended = await desk_of(request).links.revoke([number_in_path(request)], only=session.viewer.sees())
    if not ended:
        raise NotYours
    return RedirectResponse("/links", 303)


async def follow(request: Request) -> Response:
    """The page behind a link: a player, and the file to save."""
    desk = desk_of(request)
    link = await desk.links.find(request.path_params["token"])
    path = _live_path(link, desk)
    if link is None or path is None:
        return page(request, "link_gone.html", status=404 if link is None else 410)
    name = display_name(path.name)
    bytes_url = f"/d/{request.path_params['token']}/{quote(name, safe='')}"
    values: dict[str, Any] = {
        "link": link,
        "name": name,
        "url": bytes_url,
        "full_url": desk.base_url(request) + bytes_url,
    }
    return page(request, "link.html", shown=shown_as(link.file), **values)


async def fetch(request: Request) -> Response:
    """The bytes behind a link; `?save` saves them."""
    desk = desk_of(request)
    link = await desk.links.find(request.path_params["token"])
    path = _live_path(link, desk)
    if link is None or path is None:
        return page(request, "link_gone.html", status=404 if link is None else 410)
    if request.method == "GET" and request.headers.get("range", "bytes=0-").startswith("bytes=0-"):
        await desk.links.count_fetch(link.id)
    return file_answer(link.file, path, attachment="save" in request.query_params, public=True)


def _live_path(link: FileLink | None, desk: Desk) -> Path | None:
    return path_of(link.file, desk.rules.roots) if link is not None and link.is_live else None


def _seconds(hours: Any, desk: Desk) -> int:
    if not hours:
        return desk.rules.link_seconds
    if not str(hours).isdecimal() or len(str(hours)) > len(str(LONGEST)) or not 1 <= int(hours) <= LONGEST:
        raise RequestRefused(f"A link works for 1 to {LONGEST} hours.")
    return int(hours) * 3600


routes = [
    Route("/files/{id:int}/links", logged_in(make), methods=["POST"]),
    Route("/links", logged_in(listed)),
    Route("/links/{id:int}/revoke", logged_in(revoke), methods=["POST"]),
    Route("/d/{token}", follow),
    Route("/d/{token}/{name}", fetch),
]
