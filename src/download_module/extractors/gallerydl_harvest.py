"""What one request to gallery-dl found so far, and whether that is enough."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from download_module.extractors.gallerydl_config import Request
from download_module.extractors.gallerydl_fields import bounded

MAX_LINKS = 20  # links to sites that gallery-dl does not know


class Enough(Exception):
    """All that was wanted is there."""


class Harvest:
    """What was found, over all extractors of one request."""

    def __init__(self, request: Request) -> None:
        self.files: list[dict[str, Any]] = []
        self.post: dict[str, Any] = {}  # metadata of the post of the first file
        self.tweets: list[tuple[Any, Any, Any]] = []  # id, conversation and author of posts of Twitter, in order
        self.seen = 0  # files, wanted or not
        self.status = 0  # of the last answer
        self.retry_after: str | None = None
        self.missed: list[BaseException] = []
        self.guessed = False  # it was a guess that this software runs there
        self.cut = False  # by time or number, and not because everything wanted is there
        self.ranges = request["items"]
        self._most = request["max_items"]
        self._about: tuple[int, Mapping[str, Any]] = (sys.maxsize, {})
        self._visited = {request["url"]}
        self._links = 0
        self._until = time.monotonic() + request["seconds"]

    def look(self) -> None:
        """Raise `Enough` when time is up and something was found."""
        if self.files and time.monotonic() > self._until:
            self.cut = True
            raise Enough

    def begin_post(self, values: Mapping[str, Any], depth: int = 0) -> None:
        """The next files are of this post; on a page that another post named, they are of that one."""
        if depth <= self._about[0]:
            self._about = (depth, values)

    def wants_next(self) -> bool:
        """Count a file; whether it is wanted."""
        self.seen += 1
        if not self.ranges:
            return True
        return any(first <= self.seen and (last is None or self.seen <= last) for first, last in self.ranges)

    def add(self, file: dict[str, Any]) -> None:
        """Keep a file; raise `Enough` when it is the last one."""
        if not self.files:
            self.post = bounded(self._about[1])
        self.files.append(file)
        if len(self.files) >= self._most:
            self.cut = True
            raise Enough

    def end_after_ranges(self) -> None:
        """Raise `Enough` when no later file is wanted."""
        if self.ranges and all(last is not None and last <= self.seen for _, last in self.ranges):
            raise Enough

    def may_visit(self, url: str) -> bool:
        """Whether a page is new, and not one too many."""
        new = url not in self._visited and len(self._visited) <= 2 * self._most + 20
        self._visited.add(url)
        return new

    def thread(self) -> list[Any]:
        """Tweets of the post's conversation by its author, in order."""
        author = (self.post.get("author") or {}).get("id") if self.tweets else None
        conversation = self.post.get("conversation_id")
        return [tweet for tweet, of, by in self.tweets if of == conversation and by == author]

    def may_link(self) -> bool:
        """Whether another link to an unknown site is taken."""
        self._links += 1
        return self._links <= MAX_LINKS
