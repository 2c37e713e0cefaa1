"""Fetches the parts whose servers want to see a browser's TLS: not for aria2, but with the same progress and limits."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from core.children import built_environment, end_child, start_child
from core.errors import BossBotError, SourceUnreachable, TooLarge
from core.models import Progress
from core.sandbox import Files, Network
from download_module.extractors.direct_extractor import error_of_status
from download_module.extractors.warm_children import ChildNetwork
from download_module.personal_headers import headers_to
from download_module.plan import Part
from download_module.transfers import Amount, sum_up
from download_module.way_out import STRAIGHT, WayOut

MODULE = "download_module.impersonating_child"
LONGEST_LINE = 2**20  # bytes
MARGIN = 2**26  # bytes; the child itself says when it was too much, with a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonator:
    """Runs one child for the parts of one row, which is killed when the row is cancelled."""

    network: ChildNetwork = Network.HOST  # of the child
    inherit: tuple[int, ...] = ()

    async def fetch(
        self,
        parts: Mapping[Path, Part],
        *,
        max_bytes: int,
        report: Callable[[Progress], None],
        ended: Callable[[Path, BossBotError | None], None],
        way_out: WayOut = STRAIGHT,
    ) -> None:
        """Fetch parts side by side.

        Args:
            parts: by the file that each goes to; bytes that lie there are continued when `<file>.http` proves them.
            max_bytes: more than that in all is refused.
            report: called while bytes arrive.
            ended: called once for each part, with what went wrong.
            way_out: of the row.
        """
        if not parts:
            return
        targets = list(parts)
        asked = {
            "max_bytes": max_bytes,
            "proxy": way_out.url("curl"),
            "parts": [_asked(target, part) for target, part in parts.items()],
        }
        amounts = [Amount(total=part.size) for part in parts.values()]
        open_parts = set(range(len(targets)))
        child = await start_child(
            [sys.executable, "-m", MODULE],
            env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
            inherit=self.inherit,
            network=self.network,
            files=Files(writes=tuple({target.parent for target in targets})),
            file_bytes=max_bytes + MARGIN,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            line_limit=LONGEST_LINE,
        )
        try:
            assert child.stdin, "started with pipes"
            assert child.stdout, "started with pipes"
            child.stdin.write(json.dumps(asked).encode() + b"\n")
            async for line in child.stdout:
                said = json.loads(line)
                number = said["n"]
                if "completed" in said:
                    amounts[number] = Amount(said["completed"], said["total"], said["speed"])
                    report(sum_up(amounts))
                elif number in open_parts:
                    open_parts.remove(number)
                    ended(targets[number], _error_of(said))
        except (ConnectionError, ValueError):
            logger.exception("the child that impersonates a browser said something else")
        finally:
            await asyncio.shield(end_child(child))
        for number in sorted(open_parts):
            ended(targets[number], SourceUnreachable())


def _asked(target: Path, part: Part) -> dict[str, Any]:
    uris = [*part.uris, *part.fallbacks]
    return {"uris": uris, "headers": dict(headers_to(part, uris)), "browser": part.impersonate, "target": str(target)}


def _error_of(said: Mapping[str, Any]) -> BossBotError | None:
    match said.get("error"):
        case None:
            return None
        case "status":
            return error_of_status(said["status"], said["retry_after"])
        case "size":
            return TooLarge()
        case _:
            return SourceUnreachable()
