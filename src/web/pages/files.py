"""Files of downloads, for those whose downloads they are."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.web_sessions import WebSession
from web.desk import desk_of
from web.logins import NotYours, logged_in
from web.numbers import number_in_path
from web.served_files import file_answer, path_of


async def fetch(request: Request, session: WebSession) -> Response:
    """The bytes of a file; `?save` saves it."""
    desk = desk_of(request)
    file = await desk.pages.file(number_in_path(request), session.viewer)
    path = path_of(file, desk.rules.roots) if file is not None else None
    if file is None or path is None:
        raise NotYours
    return file_answer(file, path, attachment="save" in request.query_params)


routes = [Route("/files/{id:int}/{name}", logged_in(fetch))]
