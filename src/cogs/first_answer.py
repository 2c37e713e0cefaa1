"""The first answer to a command, given once although its own answer from Discord may be lost on the way."""

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

if TYPE_CHECKING:
    from cogs.context import Context

PAUSES = (0.2, 0.6)  # seconds before another try; an interaction wants its answer within 3
ALREADY_ACKNOWLEDGED = 40060
# The message may be there or not. The library itself tries 5xx again, and a connection that was reset only on macOS.
UNSURE = (aiohttp.ClientError, OSError)


async def first_answer(ctx: "Context", text: str | None, **more: Any) -> discord.Message:
    """Send it; tried again, it is still one message: Discord knows the nonce, and answers an interaction once."""
    for pause in PAUSES:
        try:
            return await _send(ctx, text, more)
        except UNSURE:
            await asyncio.sleep(pause)
    return await _send(ctx, text, more)


async def _send(ctx: "Context", text: str | None, more: dict[str, Any]) -> discord.Message:
    try:
        return await ctx.send(text, nonce=f"answer{ctx.message.id}", **more)
    except discord.HTTPException as error:
        if ctx.interaction is None or error.code != ALREADY_ACKNOWLEDGED:
            raise
        return await ctx.interaction.original_response()
