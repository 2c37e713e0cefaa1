"""What the browser's child process tells: the media of a page, and how to ask for it."""

from pydantic import BaseModel

from download_module.extractors.playwright_media import Form

# What belongs to one request of the browser, not to the media.
UNWANTED_HEADERS = frozenset(
    (
        *("host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade", "keep-alive"),
        *("accept-encoding", "range", "if-range", "if-none-match", "if-modified-since", "cache-control", "pragma"),
        *("priority", "upgrade-insecure-requests", "proxy-connection", "proxy-authorization"),
    )
)
# HTTP/2's own, and what the browser says of itself and of the page that asks.
UNWANTED_BEGINNINGS = (":", "sec-")


class Media(BaseModel):
    """A URL, and the headers with which the page asked for it (names in lower case)."""

    url: str
    form: Form
    mime: str = ""
    size: int | None = None  # bytes
    headers: dict[str, str] = {}
    name: str | None = None  # that the page gave to the file

    @property
    def kept_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers with which anybody else can ask for it."""
        return tuple(
            (name.title(), value)
            for name, value in self.headers.items()
            if name not in UNWANTED_HEADERS and not name.startswith(UNWANTED_BEGINNINGS)
        )


class About(BaseModel):
    """What a page says of itself."""

    title: str | None = None
    description: str | None = None
    thumbnail: str | None = None
    url: str | None = None


class Answer(BaseModel):
    """The end of a visit."""

    media: list[Media] = []  # one, or one of video and one of sound
    seconds: float | None = None
    about: About = About()
    status: int | None = None  # of the page itself
    segments: bool = False  # pieces of media came, and nothing that lists them
    error: str | None = None  # browser, memory, crashed, unreachable
    detail: str = ""  # for the log
