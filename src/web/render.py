"""Pages from templates. Everything that is put into one is escaped."""

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import HTMLResponse

from core.web_sessions import WebSession
from web.words import FILTERS, TESTS

HERE = Path(__file__).parent
STATIC = HERE / "static"

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= FILTERS
_environment.tests |= TESTS


def _version() -> str:
    """A mark of what lies in `static`, so that browsers may keep it until it changes."""
    names = sorted(STATIC.iterdir())
    return hashlib.sha256(b"".join(path.read_bytes() for path in names)).hexdigest()[:12]


_environment.globals["version"] = _version()


def page(
    request: Request, template: str, *, session: WebSession | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page.

    Args:
        request: what is answered.
        template: its file.
        session: the login that looks; None: nobody's.
        status: of HTTP.
        values: what the template shows.
    """
    return HTMLResponse(
        part(template, session=session, path=request.url.path, **values),
        status_code=status,
    )


def spoken(sentence: str) -> ServerSentEvent:
    """What a screen reader says, as an event; titles and links in it are strangers' text, and the page takes HTML."""
    return ServerSentEvent(str(escape(sentence)), event="told")


def part(template: str, *, session: WebSession | None, **values: Any) -> str:
    """A piece of a page, or a whole one, as text."""
    viewer = session.viewer if session else None
    csrf = session.csrf if session else ""
    return _environment.get_template(template).render(viewer=viewer, csrf=csrf, **values)
