"""The child's side of `warm_children`: one JSON object a line comes in; an empty line says so, and one goes out."""

import contextlib
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

LEAVING = 2.0  # seconds that a child has to end by itself once nobody listens any more


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer requests until stdin ends. Whatever libraries print goes to stderr, not between the answers.

    A child that is busy when its stdin ends has lost its parent: it is killed, with all that it started.
    """
    with os.fdopen(os.dup(1), "wb") as out, contextlib.redirect_stdout(sys.stderr):
        os.dup2(2, 1)  # what a library's own children print
        gc.freeze()  # what is imported stays, and need not be looked at again
        for request in _requests():
            out.write(b"\n")  # it is mine now
            out.flush()
            text = json.dumps(answer(request), ensure_ascii=False)
            out.write(text.encode(errors="replace") + b"\n")  # a page may hold half of a surrogate pair
            out.flush()
            gc.collect()  # while nobody waits: what libraries tie into circles is large


def _requests() -> Iterator[dict[str, Any]]:
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), name="requests", daemon=True).start()
    while (line := lines.get()) is not None:
        yield json.loads(line)


def _listen(lines: "SimpleQueue[bytes | None]") -> None:
    with os.fdopen(os.dup(0), "rb") as stdin:  # its own: the interpreter can't close one that a thread reads
        for line in stdin:
            lines.put(line)
    lines.put(None)
    time.sleep(LEAVING)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
