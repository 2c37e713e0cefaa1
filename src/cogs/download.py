"""`download` and `download-only`: a command becomes a row. Its message is edited by `progress` from then on."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands
from loguru import logger

from cogs.context import Context
from cogs.hybrid import hybrid
from cogs.texts import plain
from core.errors import RequestRefused
from core.models import Destination, Request
from core.options import Options, checked_options

if TYPE_CHECKING:
    from cogs.client import BossBot

EXAMPLE = "https://example.com/video"
BEGUN = "⏳ One moment ..."  # promises nothing: no row is written yet
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
}


QUALITIES = ("best", "1080p", "720p", "480p", "360p", "audio", "worst")
WISHES = ("quality", "audio", "clip", "items", "subtitles", "thumbnail", "spoiler")


def _wish(name: str, default: Any = None) -> Any:
    """An option of a row as one of a command, described as it is there."""
    return commands.flag(default=default, description=(Options.model_fields[name].description or "").replace("`", ""))


class Flags(commands.FlagConverter, delimiter="="):
    """What may follow the URL: `quality=720p upload=False`."""

    quality: str | None = _wish("quality")
    audio: bool = _wish("audio", default=False)
    clip: str | None = _wish("clip")
    items: str | None = _wish("items")
    subtitles: str | None = _wish("subtitles")
    thumbnail: bool = _wish("thumbnail", default=False)
    spoiler: bool = _wish("spoiler", default=False)
    upload: bool = commands.flag(default=True, description="No: fetch it, and keep it on the bot's machine.")


class Downloads(commands.Cog):
    """Asking for media."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._limits: dict[int, int] = {}  # bytes by guild, as last written

    @hybrid(description="Post the media behind a link here.", aliases=("dl",), example=EXAMPLE)
    @app_commands.describe(url="A link to a page or a file.")
    async def download(self, ctx: Context, url: str, *, flags: Flags) -> None:
        given = {name: getattr(flags, name) for name in WISHES}
        wishes = {name: value for name, value in given.items() if value is not None and value is not False}
        await self._take(ctx, url, wishes, upload=flags.upload)

    @download.autocomplete("quality")
    async def _suggest_quality(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [quality for quality in QUALITIES if typed.casefold() in quality]
        return [app_commands.Choice(name=quality, value=quality) for quality in fitting]

    @hybrid(
        name="download-only",
        description="Fetch the media behind a link and keep it on the bot's machine.",
        example=EXAMPLE,
    )
    @app_commands.describe(url="A link to a page or a file.")
    async def download_only(self, ctx: Context, url: str) -> None:
        await self._take(ctx, url, {}, upload=False)

    async def _take(self, ctx: Context, url: str, wishes: dict[str, Any], *, upload: bool) -> None:
        # Discord is answered before the database is touched: another process may hold its lock for long.
        message = await ctx.answer(BEGUN)
        self._check_place(ctx, upload=upload)
        self._check_torrent(url)
        options = _checked(wishes)
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
            options=options,
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


def _checked(wishes: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked_options(wishes)
    except RequestRefused as refused:
        raise RequestRefused(plain(str(refused), 400)) from None  # it quotes what the member wrote


def _needed(ctx: Context, *, upload: bool) -> dict[str, str]:
    needed = dict(NEEDED)
    if not upload:
        del needed["attach_files"]
    if isinstance(ctx.channel, discord.Thread):
        needed["send_messages_in_threads"] = "Send Messages in Threads"
        del needed["send_messages"]
    return needed
