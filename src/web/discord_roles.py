"""The roles that somebody holds in guilds, as Discord tells him who asks with his token."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import httpx
from loguru import logger

from core.viewers import Seat

PATIENCE = 10.0  # seconds for all answers together; Discord lets few of these through at a time
SHORTEST_WAIT = 0.25  # seconds


async def with_roles(client: httpx.AsyncClient, api_base: str, seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """The same seats with their roles; without those that Discord does not tell in time.

    Args:
        client: sends his token.
        api_base: of Discord.
        seats: the guilds to ask about.
    """
    held: dict[int, tuple[int, ...]] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            for seat in seats:
                held[seat.id] = await _roles(client, f"{api_base}/users/@me/guilds/{seat.id}/member")
    except (httpx.HTTPError, AttributeError, KeyError, TypeError, ValueError, TimeoutError) as error:
        logger.warning("Discord did not tell somebody's roles, so that he has what everyone has: {!r}", error)
    return tuple(replace(seat, roles=held.get(seat.id, ())) for seat in seats)


async def _roles(client: httpx.AsyncClient, url: str) -> tuple[int, ...]:
    answer = await client.get(url)
    while answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        await asyncio.sleep(max(SHORTEST_WAIT, float(answer.headers["Retry-After"])))
        answer = await client.get(url)
    if answer.status_code == httpx.codes.NOT_FOUND:  # he left meanwhile
        return ()
    answer.raise_for_status()
    return tuple(int(role) for role in answer.json()["roles"])
