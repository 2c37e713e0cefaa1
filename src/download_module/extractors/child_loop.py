"""The child's side of `warm_children`: one JSON object a line comes in, one goes out."""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer requests until stdin ends. Whatever libraries print goes to stderr, not between the answers."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out, contextlib.redirect_stdout(sys.stderr):
        os.dup2(2, 1)  # what a library's own children print
        for line in sys.stdin:
            json.dump(answer(json.loads(line)), out)
            out.write("\n")
            out.flush()
