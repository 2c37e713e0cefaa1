"""Children that answer one request after the other; they run small modules of these tests."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.children import built_environment, start_child
from core.errors import ExtractionError
from download_module.extractors import library_mark, warm_children
from download_module.extractors.child_memory import resident_bytes
from download_module.extractors.warm_children import ChildLimits, WarmChildren
from tests.download_module.given import MIB
from tests.support.processes import wait_until

# Answers with its process id, and does what is asked.
CHILD = """
import os, subprocess, sys, time
from download_module.extractors.child_loop import serve
kept = []
def answer(request):
    exec(request.get("do", ""))
    return {"pid": os.getpid(), "said": request.get("say")}
print("noise while it starts")
serve(answer)
"""
Start = Callable[..., WarmChildren]


@pytest.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Makes children that run `CHILD`, or other code."""
    made: list[WarmChildren] = []

    def make(code: str = CHILD, **limits: Any) -> WarmChildren:
        (tmp_path / "odd_child.py").write_text(code)
        given: dict[str, Any] = {"timeout": 30.0, "memory_bytes": None} | limits
        made.append(WarmChildren("odd_child", ChildLimits(**given), reads=(tmp_path,)))
        return made[-1]

    monkeypatch.setattr(
        warm_children, "built_environment", lambda **more: built_environment(**more, PYTHONPATH=str(tmp_path))
    )
    yield make
    for children in made:
        await children.close()
    assert running() == []


def running() -> list[psutil.Process]:
    """What this process started and has not ended."""
    found = psutil.Process().children(recursive=True)
    return [child for child in found if child.status() != psutil.STATUS_ZOMBIE]


def sleeps() -> bool:
    """Whether a child's child is at work."""
    return any(child.name() == "sleep" for child in running())


async def pid_of(children: WarmChildren, **request: Any) -> int:
    return int((await children.ask(request)).split(b'"pid": ')[1].split(b",")[0])


async def test_a_child_answers_again_and_again(start: Start) -> None:
    children = start()
    assert await pid_of(children) == await pid_of(children)
    assert b'"\xc3\xa9\\n?"' in await children.ask({"say": "\u00e9\n\ud800"})


async def test_what_it_prints_is_no_answer(start: Start) -> None:
    children = start()
    does = "print('x' * 100_000); os.write(1, b'y'); subprocess.run(['echo', 'z'])"
    assert (await children.ask({"do": does})).startswith(b'{"pid"')


async def test_at_once_there_are_as_many_as_allowed(start: Start) -> None:
    children = start(at_once=2)
    pids = await asyncio.gather(*(pid_of(children, do="time.sleep(0.2)") for _ in range(4)))
    assert len(set(pids)) == 2


async def test_a_worn_child_is_replaced_before_the_next_one_asks(start: Start) -> None:
    children = start(requests=2)
    first = [await pid_of(children), await pid_of(children)]
    assert first[0] == first[1]
    assert [child.pid for child in running()] != [first[0]]
    assert len(running()) == 1
    assert await pid_of(children) != first[0]


async def test_a_child_that_has_grown_is_replaced(start: Start) -> None:
    children = start(grown_bytes=150 * MIB)
    small = await pid_of(children)
    assert await pid_of(children, do=f"kept.append(bytearray(b'x') * {200 * MIB})") == small
    assert await pid_of(children) != small


async def test_a_child_that_takes_too_long_is_killed_with_what_it_started(start: Start) -> None:
    children = start(timeout=1.5)
    await children.ask({})
    with pytest.raises(ExtractionError, match="too long"):
        await children.ask({"do": "subprocess.run(['sleep', '60'])"})
    assert running() == []


async def test_a_child_that_writes_to_too_much_memory_gets_no_more(start: Start) -> None:
    children = start(memory_bytes=256 * MIB)
    with pytest.raises(ExtractionError):
        await children.ask({"do": f"kept.append(bytes({300 * MIB}))"})
    assert running() == []


async def test_a_child_may_reserve_more_than_it_writes_to(start: Start) -> None:
    children = start(memory_bytes=256 * MIB)
    await children.ask({"do": f"import mmap; kept.append(mmap.mmap(-1, {2048 * MIB}, prot=mmap.PROT_READ))"})


async def test_a_child_and_what_it_started_are_killed_when_they_are_too_large_together(start: Start) -> None:
    children = start(resident_bytes=200 * MIB)
    hungry = f"import time; kept = bytearray(b'x') * {300 * MIB}; time.sleep(60)"
    with pytest.raises(ExtractionError, match="memory"):
        await children.ask({"do": f"subprocess.run([sys.executable, '-c', {hungry!r}])"})
    assert running() == []


async def test_a_dead_idle_child_is_noticed(start: Start) -> None:
    children = start()
    dead = await pid_of(children)
    os.kill(dead, signal.SIGKILL)
    assert await pid_of(children) != dead


async def test_whoever_is_cancelled_kills_the_child(start: Start) -> None:
    children = start()
    asking = asyncio.create_task(children.ask({"do": "subprocess.run(['sleep', '60'])"}))
    await wait_until(sleeps, 30)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert running() == []
    await children.ask({})


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import sys; sys.exit(3)",
        "raise MemoryError",
        "input(); print('half a line', end='')",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys; input(); sys.stdout.write('x' * 40_000_000)",
    ],
)
async def test_a_child_that_gives_no_answer_is_an_error(start: Start, code: str) -> None:
    with pytest.raises(ExtractionError, match="could not be read"):
        await start(code).ask({})
    assert running() == []


async def test_an_idle_child_is_ended(start: Start) -> None:
    children = start(idle=0.2)
    await children.ask({})
    await wait_until(lambda: not running(), 30)


async def test_a_child_that_answers_after_the_end_is_ended_too(start: Start) -> None:
    children = start()
    asking = asyncio.create_task(children.ask({"do": "time.sleep(0.5)"}))
    await wait_until(running, 30)
    await children.close()
    assert b"pid" in await asking
    assert running() == []


async def test_a_busy_child_that_lost_its_parent_ends_with_what_it_started(start: Start, tmp_path: Path) -> None:
    start()
    child = await start_child(
        (sys.executable, "-m", "odd_child"),
        env=built_environment(PYTHONPATH=str(tmp_path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None
    child.stdin.write(b"""{"do": "subprocess.run(['sleep', '60'])"}\n""")
    await child.stdin.drain()
    await wait_until(sleeps, 30)
    child.stdin.close()
    await wait_until(lambda: not running(), 30)
    await child.wait()


def test_memory_is_counted_with_that_of_children() -> None:
    alone = resident_bytes(os.getpid())
    assert alone == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    assert resident_bytes(2**22 + 7) == 0


async def test_a_child_that_imported_its_library_before_an_update_is_replaced(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr(library_mark, "PLACE", packages)
    children = start()
    old = await pid_of(children)
    assert await pid_of(children) == old
    (packages / "yt_dlp-2026.11.1.dist-info").mkdir()
    assert await pid_of(children) != old
    assert old not in {child.pid for child in running()}
