"""Links that hand a file on to people without a login: made and revoked here, followed at `/d/...`."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import RequestRefused
from core.file_links import FileLink
from core.models import MediaFile
from core.web_sessions import WebSession
from upload_module.display_names import display_name
from web.desk import Desk, desk_of
from web.link_hours import hours_of
from web.logins import NotYours, logged_in
from web.numbers import LARGEST, number_in_path
from web.pages.download import Unmade, drawn
from web.render import page
from web.served_files import file_answer, path_of, shown_as


async def make(request: Request, session: WebSession) -> Response:
    """A new link to a file. Its address is shown once: the database keeps only a hash of it."""
    desk = desk_of(request)
    file_id = number_in_path(request)
    file = await desk.pages.file(file_id, session.viewer)
    if file is None or path_of(file, desk.rules.roots) is None:
        raise NotYours
    written = str((await request.form()).get("hours", ""))
    try:
        hours = hours_of(written, session.viewer, desk.rules)
    except RequestRefused as refused:  # with what was written, to be mended
        return await _refused(request, session, file, Unmade(file_id, written, str(refused)))
    link = await desk.links.make(file_id, seconds=hours * 3600, actor=session.viewer.actor, only=session.viewer.sees())
    if link is None:
        raise NotYours
    url = f"{desk.base_url(request)}/d/{link.token}"
    return page(request, "link_made.html", session=session, url=url, file=file, expires_at=link.expires_at)


async def _refused(request: Request, session: WebSession, file: MediaFile, unmade: Unmade) -> Response:
    download = await desk_of(request).pages.download(file.download_id, session.viewer)
    if download is None:
        raise NotYours
    return await drawn(request, session, download, unmade=unmade, status=400)


async def listed(request: Request, session: WebSession) -> Response:
    """The links that work."""
    links = await desk_of(request).links.list(only=session.viewer.sees())
    return page(request, "links.html", session=session, links=links)


async def revoke(request: Request, session: WebSession) -> Response:
    """End a link; back to the list, or to the download whose page asked."""
    ended = await desk_of(request).links.revoke([number_in_path(request)], only=session.viewer.sees())
    if not ended:
        raise NotYours
    download = str((await request.form()).get("download", ""))
    return RedirectResponse(f"/downloads/{download}" if _is_number(download) else "/links", 303)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))


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


routes = [
    Route("/files/{id:int}/links", logged_in(make), methods=["POST"]),
    Route("/links", logged_in(listed)),
    Route("/links/{id:int}/revoke", logged_in(revoke), methods=["POST"]),
    Route("/d/{token}", follow),
    Route("/d/{token}/{name}", fetch),
]
