"""What the child is asked, as it goes through the pipe."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from download_module.extractors.ytdlp_choice import Wanted


class Asked(BaseModel):
    """One extraction."""

    model_config = ConfigDict(frozen=True)

    url: str
    headers: dict[str, str] = {}  # sent with each request
    cookie: str | None = None  # a Cookie header for the URL's host alone
    cookie_jar: str | None = None  # the admin's for this site, as a file of Netscape's kind has them
    proxy: str | None = None
    options: dict[str, Any] = {}  # what the admin set for the site
    program: bool = False  # the command-line program instead of the library
    deno: str | None = None  # the path of the JavaScript runtime
    impersonates: bool = False  # the page was refused without a browser's handshake
    items: str = "1:1"  # of a playlist, as `items_of` spells them
    wanted: Wanted = Wanted()
    live_seconds: float | None = None  # how much of a live stream is recorded; None: it is refused
    subtitles: str | None = None  # languages
