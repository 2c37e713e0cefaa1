"""Hears on aria2's WebSocket how transfers end, instead of at the next look at them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from loguru import logger

from download_module.daemons import Daemon

CONNECT_AGAIN = 0.2  # seconds
HEARTBEAT = 30.0  # seconds between pings


async def listen(daemon: Daemon, hear: Callable[[str, str], None]) -> None:
    """Tell of each notification (its name, the gid), until cancelled; a connection that breaks is made anew."""
    async with aiohttp.ClientSession() as session:
        while True:
            endpoint = daemon.endpoint
            if endpoint is not None:
                try:
                    url = endpoint.url.replace("http", "ws", 1)
                    async with session.ws_connect(url, heartbeat=HEARTBEAT) as connection:
                        async for message in connection:
                            _take_in(message.data, hear)
                except (aiohttp.ClientError, OSError):
                    pass
            await asyncio.sleep(CONNECT_AGAIN)


def _take_in(text: Any, hear: Callable[[str, str], None]) -> None:
    try:
        said = json.loads(text)
        if "error" in said:  # a ping is no request to aria2 1.36, which says so besides answering it
            return
        for event in said["params"]:
            hear(said["method"], event["gid"])
    except (ValueError, TypeError, KeyError):
        logger.warning("aria2 said something that is no notification")
