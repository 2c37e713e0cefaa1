"""What holds for every request and every answer, before any page is asked: where it comes from, and how large it is."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024  # bytes; a form with one link
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class Guarding:
    """ASGI middleware: refuses writes that another site began, and sets the headers that pages did not set."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in SAFE:
            if not _is_from_here(headers):
                refused = PlainTextResponse("This request came from another site.", 403)
                await refused(scope, receive, send_with_headers)
                return
            length = headers.get("content-length", "")
            if not length.isdigit() or int(length) > MAX_BODY:
                await PlainTextResponse("This request is too large.", 413)(scope, receive, send_with_headers)
                return
        await self._app(scope, receive, send_with_headers)


def _is_from_here(headers: Headers) -> bool:
    """Whether a browser says that a page of ours sent this. Programs, which say nothing, have no cookies to abuse."""
    fetched, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if fetched is not None:  # no page can forge it, and `Origin` is "null" in some requests of our own
        return fetched in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
