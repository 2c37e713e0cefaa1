"""What all who watch are told: one look at the database a second at most, and none while nobody watches."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from loguru import logger

from core.database import DatabaseFault
from core.wake import Wake
from core.web_queries import Look

PACE = 1.0  # seconds between two looks
IDLE = 10.0  # seconds after which it looks although nothing told of a change: also when a login expired
MOST = 200  # who may watch at once
MOST_OF_ONE = 10  # pages of one login


class Looks(Protocol):
    """Reads one moment; `WebQueries`."""

    async def look(self, *, watched: frozenset[int], sessions: frozenset[str]) -> Look:
        """See `WebQueries.look`."""
        ...


class _Watcher:
    """The newest look that one viewer has not seen; older ones he missed do not matter."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._look: Look | None = None

    def tell(self, look: Look | None) -> None:
        self._look = look
        self._news.set()

    async def next(self) -> Look | None:
        await self._news.wait()
        self._news.clear()
        return self._look


class Hub:
    """Looks for all, and hands each look to everybody who watches."""

    def __init__(self, queries: Looks, open_wake: Callable[[], Wake], *, pace: float = PACE) -> None:
        self._queries = queries
        self._open_wake = open_wake
        self._pace = pace
        self._watchers: set[_Watcher] = set()
        self._watched: Counter[int] = Counter()
        self._sessions: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()  # somebody new watches
        self.closed = False

    def is_full_for(self, session: str) -> bool:
        """Whether this login (its hash) may not watch from another page now."""
        return self.closed or len(self._watchers) >= MOST or self._sessions[session] >= MOST_OF_ONE

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    async def watch(self, session: str, download_id: int | None = None) -> AsyncGenerator[Look, None]:
        """Each new look, until the login `session` (its hash) ends or the page closes.

        Args:
            session: the login that watches.
            download_id: a download to look for although it may be over.
        """
        watcher = _Watcher()
        self._watchers.add(watcher)
        self._sessions[session] += 1
        if download_id is not None:
            self._watched[download_id] += 1
        self._asked.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on(), name="live")
        try:
            while (look := await watcher.next()) is not None and session in look.sessions:
                yield look
        finally:
            self._watchers.discard(watcher)
            self._sessions -= Counter([session])
            if download_id is not None:
                self._watched -= Counter([download_id])
            if not self._watchers and self._looking is not None:
                self._looking.cancel()
                self._looking = None  # who comes now begins a new one, also while this one still ends

    async def close(self) -> None:
        """Send everybody away."""
        self.closed = True
        for watcher in self._watchers:
            watcher.tell(None)
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look_on(self) -> None:
        wake = self._open_wake()
        try:
            while True:
                self._asked.clear()
                await self._look_once()
                await asyncio.sleep(self._pace)
                await self._until_news(wake)
        finally:
            await wake.close()

    async def _look_once(self) -> None:
        watchers = list(self._watchers)  # who comes while it looks is not asked for in it
        try:
            look = await self._queries.look(watched=frozenset(self._watched), sessions=frozenset(self._sessions))
        except (DatabaseFault, OSError) as error:
            logger.warning("could not look for those who watch the web page: {}", error)
            return
        for watcher in watchers:
            watcher.tell(look)

    async def _until_news(self, wake: Wake) -> None:
        asked = asyncio.ensure_future(self._asked.wait())
        changed = asyncio.ensure_future(wake.wait(IDLE))
        try:
            await asyncio.wait((asked, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            changed.cancel()
        await asyncio.gather(asked, changed, return_exceptions=True)
