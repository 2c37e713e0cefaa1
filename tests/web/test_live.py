"""Looking for all who watch: seldom, once for all, and not at all for nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from core.models import Download
from core.wake import Wake
from core.web_queries import Look
from tests.support.processes import wait_until
from web.live import Hub

PACE = 0.2


class Busy:
    """A database in which something changes all the time, and which counts who looks."""

    hears_all = True

    def __init__(self) -> None:
        self.looks: list[float] = []
        self.sessions = frozenset(("a", "b"))
        self.open = 0

    async def look(self, *, watched: frozenset[int], sessions: frozenset[str]) -> Look:
        self.looks.append(asyncio.get_running_loop().time())
        found: list[Download] = []
        return Look(found, {}, self.sessions & sessions)

    def wake(self) -> Wake:
        self.open += 1
        return self

    async def wait(self, timeout: float) -> bool:
        return True

    async def close(self) -> None:
        self.open -= 1


@contextlib.asynccontextmanager
async def watching(hub: Hub, session: str, seen: Callable[[Look], None]) -> AsyncIterator[asyncio.Task[None]]:
    async def watch() -> None:
        async with contextlib.aclosing(hub.watch(session)) as looks:
            async for look in looks:
                seen(look)

    task = asyncio.create_task(watch())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_all_share_one_look_and_nobody_costs_nothing() -> None:
    busy = Busy()
    hub = Hub(busy, busy.wake, pace=PACE)
    seen: list[Look] = []
    async with contextlib.AsyncExitStack() as stack:
        for number in range(20):
            await stack.enter_async_context(watching(hub, "ab"[number % 2], seen.append))
        await wait_until(lambda: len(busy.looks) >= 4)
        await wait_until(lambda: len(seen) >= 20 * 3)
        assert busy.open == 1
    gaps = [later - earlier for earlier, later in zip(busy.looks, busy.looks[1:], strict=False)]
    assert min(gaps) >= PACE * 0.9
    await wait_until(lambda: busy.open == 0)
    count = len(busy.looks)
    await asyncio.sleep(2 * PACE)
    assert len(busy.looks) == count


async def test_who_is_logged_out_is_sent_away() -> None:
    busy = Busy()
    hub = Hub(busy, busy.wake, pace=0.01)
    seen: list[Look] = []
    async with watching(hub, "a", seen.append) as leaving, watching(hub, "b", seen.append) as staying:
        await wait_until(lambda: len(seen) > 2)
        busy.sessions = frozenset("b")
        await wait_until(leaving.done)
        count = len(seen)
        await wait_until(lambda: len(seen) > count)
        assert not staying.done()


async def test_who_comes_while_it_looks_waits_for_the_next_look() -> None:
    busy = Busy()
    hub = Hub(busy, busy.wake, pace=0.01)
    looking, go_on = asyncio.Event(), asyncio.Event()

    async def look(*, watched: frozenset[int], sessions: frozenset[str]) -> Look:
        looking.set()
        await go_on.wait()
        return Look([], {}, sessions)

    busy.look = look  # type: ignore[method-assign]  # a database that takes its time
    seen: list[Look] = []
    async with watching(hub, "a", lambda _: None):
        await looking.wait()
        async with watching(hub, "b", seen.append) as late:
            await wait_until(lambda: hub.watchers == 2)
            go_on.set()
            await wait_until(lambda: len(seen) > 1)
            assert not late.done()


async def test_a_cancel_while_it_waits_for_news_is_heard() -> None:
    busy = Busy()
    hub = Hub(busy, busy.wake, pace=0)
    for _ in range(50):  # at any moment of its round
        async with watching(hub, "a", lambda _: None):
            await wait_until(lambda: hub.watchers == 1 and bool(busy.looks), every=0)
        busy.looks.clear()
    await wait_until(lambda: busy.open == 0)


async def test_the_end_of_the_page_ends_all() -> None:
    busy = Busy()
    hub = Hub(busy, busy.wake, pace=0.01)
    async with watching(hub, "a", lambda _: None) as task:
        await wait_until(lambda: bool(busy.looks))
        await hub.close()
        await wait_until(task.done)
    assert hub.is_full_for("a")
    assert busy.open == 0
