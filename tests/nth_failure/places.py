"""Where in our code a statement comes from: the same words at two places are two operations."""

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import aiosqlite

import core

SOURCES = f"{Path(str(core.__file__)).parents[1]}/"
PASSED_THROUGH = ("core/database.py", "core/group_commit.py", "pooler/lifecycle.py", "pooler/workplace.py")
STATEMENTS = ("execute", "executemany", "commit")
NEAR = 2  # functions of ours, from the statement outward
_here = threading.local()  # of the statement that a thread of aiosqlite's runs now


def remember_places() -> None:
    """Let `place` know, in the threads of aiosqlite, who gave them their work."""
    real: Any = aiosqlite.Connection._execute

    async def execute(self: aiosqlite.Connection, work: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        if getattr(work, "__name__", "") not in STATEMENTS:
            return await real(self, work, *arguments, **more)
        asked_at = _named(sys._getframe(1))

        def run() -> Any:
            _here.place = asked_at
            return work(*arguments, **more)

        return await real(self, run)

    aiosqlite.Connection._execute = execute  # type: ignore[assignment]  # the same with one more thing to do


def place() -> str:
    """Of the statement that runs in this thread, as `Store.move < ClaimLoop.settle`."""
    known = getattr(_here, "place", None)
    return _named(sys._getframe(1)) if known is None else str(known)


def _named(frame: FrameType) -> str:
    names = [name for one in _outward(frame) if (name := _name(one))]
    return " < ".join(list(dict.fromkeys(names))[:NEAR])


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _name(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    if not path.startswith(SOURCES) or path.endswith(PASSED_THROUGH) or "migrations" in path:
        return ""
    return f"{inspect.getmodulename(path)}.{frame.f_code.co_qualname.replace('.<locals>', '')}"
