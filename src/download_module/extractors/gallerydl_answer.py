"""What a child, or the command-line program, says about a URL. It comes from sites, so nothing of it is trusted."""

from typing import Any

from pydantic import BaseModel


class File(BaseModel):
    """A file of a post."""

    url: str
    name: str = ""  # by the site's template; not clean yet
    headers: dict[str, str] = {}
    cookie: str | None = None
    fallbacks: list[str] = []  # other renditions of it
    alt: str | None = None
    text: str | None = None  # the file itself; `url` is empty
    video: bool = False  # `url` is a page or manifest for yt-dlp
    sure: bool = True  # False: a link that may lead to no media


class Fault(BaseModel):
    """Why there is nothing, or no more."""

    kinds: list[str]  # names of the exception's class and those above it
    message: str = ""
    status: int = 0  # of HTTP, of the last answer
    retry_after: str | None = None  # as the header has it: seconds, or a date


class Answer(BaseModel):
    """What was found."""

    category: str = ""  # gallery-dl's name of the site, or the host of an instance
    owner: str = ""  # gallery-dl's name of the site, or of the instance's software
    files: list[File] = []
    post: dict[str, Any] = {}
    thread: list[int] = []
    seen: int = 0  # files, wanted or not
    cut: bool = False  # there is more
    guessed: bool = False  # it was a guess that this software runs there
    fault: Fault | None = None
    said: list[str] = []  # what the library warned of
