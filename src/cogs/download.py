"""`download` and `download-only`: a command becomes a row. Its message is edited by `progress` from then on."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands
from loguru import logger

from cogs.context import Context
from cogs.hybrid import hybrid
from core.errors import RequestRefused
from core.models import Destination, Request

if TYPE_CHECKING:
    from cogs.client import BossBot

EXAMPLE = "https://example.com/video"
BEGUN = "⏳ One moment ..."  # promises nothing: no row is written yet
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
}


class Options(commands.FlagConverter, delimiter="="):
    """What may follow the URL: `upload=False`."""

    upload: bool = commands.flag(default=True, description="No: fetch it, and keep it on the bot's machine.")


class Downloads(commands.Cog):
    """Asking for media."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._limits: dict[int, int] = {}  # bytes by guild, as last written

    @hybrid(description="Post the media behind a link here.", aliases=("dl",), example=EXAMPLE)
    @app_commands.describe(url="A link to a page or a file.")
    async def download(self, ctx: Context, url: str, *, options: Options) -> None:
        await self._take(ctx, url, upload=options.upload)

    @hybrid(
        name="download-only",
        description="Fetch the media behind a link and keep it on the bot's machine.",
        example=EXAMPLE,
    )
    @app_commands.describe(url="A link to a page or a file.")
    async def download_only(self, ctx: Context, url: str) -> None:
        await self._take(ctx, url, upload=False)

    async def _take(self, ctx: Context, url: str, *, upload: bool) -> None:
        # Discord is answered before the database is touched: another process may hold its lock for long.
        message = await ctx.answer(BEGUN)
        self._check_place(ctx, upload=upload)
        self._check_torrent(url)
        limit = ctx.interaction.filesize_limit if ctx.interaction is not None else None
        request = Request(
            url=url,
            destination=Destination.DISCORD,
            upload=upload,
            user_id=ctx.author.id,
            guild_id=ctx.guild_id,
            channel_id=ctx.channel.id,
            progress_message_id=message.id,
            upload_limit_bytes=limit,
        )
        number = await self._bot.requests.submit(request, max_waiting=self._bot.settings.max_queue_size)
        logger.bind(download=number, guild=ctx.guild_id).info("asked")
        if limit is not None and ctx.guild_id is not None and self._limits.get(ctx.guild_id) != limit:
            await self._bot.requests.learn_upload_limit(ctx.guild_id, limit)
            self._limits[ctx.guild_id] = limit

    def _check_place(self, ctx: Context, *, upload: bool) -> None:
        if ctx.guild is None:
            return
        has = ctx.interaction.app_permissions if ctx.interaction is not None else ctx.bot_permissions
        lacking = [name for flag, name in _needed(ctx, upload=upload).items() if not getattr(has, flag)]
        if lacking:
            raise RequestRefused(f"This bot lacks permissions in this channel: {', '.join(lacking)}. Ask a moderator.")

    def _check_torrent(self, url: str) -> None:
        if url.strip("<> ").lower().startswith("magnet:") and not self._bot.settings.torrents_for_members:
            raise RequestRefused("This bot does not fetch torrents for members.")


def _needed(ctx: Context, *, upload: bool) -> dict[str, str]:
    needed = dict(NEEDED)
    if not upload:
        del needed["attach_files"]
    if isinstance(ctx.channel, discord.Thread):
        needed["send_messages_in_threads"] = "Send Messages in Threads"
        del needed["send_messages"]
    return needed
