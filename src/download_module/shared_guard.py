"""Whether an aria2 that somebody else runs can go through the egress guard: one on this machine can, others can't.

It is asked to fetch, through the guard, from a port that the guard refuses to everybody. Either the guard hears of it,
or it was never asked.
"""

import asyncio
import secrets

from download_module.aria2c_calls import Ask, proxy_options
from download_module.aria2c_stopping import stop_transfers
from download_module.way_out import WayOut

NOBODY = 0  # no row has this id
TARGET = "http://guard.invalid:9/"
LOOKS = 50
BETWEEN_LOOKS = 0.1  # seconds


async def reaches_guard(ask: Ask, way_out: WayOut) -> bool:
    """Return False when it can't; one that is too busy to tell is taken for one that can.

    Raises:
        DaemonUnavailable: it does not answer.
    """
    way_out = way_out.of(NOBODY)
    gid = secrets.token_hex(8)
    options = {"gid": gid, "max-tries": "1", "connect-timeout": "3", "dry-run": "true", **proxy_options(way_out)}
    try:
        await ask([("aria2.addUri", [[TARGET], options])])
        for _ in range(LOOKS):
            (answer,) = await ask([("aria2.tellStatus", [gid, ["status"]])])
            if not isinstance(answer, list) or answer[0]["status"] in ("error", "removed", "complete"):
                return way_out.refused() is not None
            await asyncio.sleep(BETWEEN_LOOKS)
        return True
    finally:
        await stop_transfers(ask, {gid})
        await ask([("aria2.removeDownloadResult", [gid])])
