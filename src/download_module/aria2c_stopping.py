"""Ends transfers in aria2 for certain."""

import asyncio

from download_module.aria2c_calls import Ask

LOOKS = 100
BETWEEN_LOOKS = 0.02  # seconds
RUNNING = frozenset(("active", "waiting", "paused"))


async def stop_transfers(ask: Ask, gids: set[str]) -> None:
    """Stop transfers, and what follows from them; returns when they write no more.

    Args:
        ask: makes calls.
        gids: what is stopped; what follows from it (a magnet's torrent) is added.

    Raises:
        DaemonUnavailable: no answer.
    """
    if not gids:
        return
    for _ in range(LOOKS):
        await ask([("aria2.forceRemove", [gid]) for gid in gids])
        answers = await ask([("aria2.tellStatus", [gid, ["status", "followedBy"]]) for gid in gids])
        known = [answer[0] for answer in answers if isinstance(answer, list)]
        followers = {gid for status in known for gid in status.get("followedBy", [])} - gids
        gids |= followers
        if not followers and not {status["status"] for status in known} & RUNNING:
            return
        await asyncio.sleep(BETWEEN_LOOKS)


async def directories_in_use(ask: Ask) -> list[tuple[str, str]]:
    """The gid and the directory of each transfer that runs or waits, whoever added it.

    Raises:
        DaemonUnavailable: no answer.
    """
    keys = ["gid", "dir"]
    answers = await ask([("aria2.tellActive", [keys]), ("aria2.tellWaiting", [0, 10_000, keys])])
    return [(one["gid"], one["dir"]) for answer in answers if isinstance(answer, list) for one in answer[0]]
