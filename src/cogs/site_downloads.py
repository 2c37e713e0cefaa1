"""Commands for single sites: `$dlt` (Twitter/X), `$dlr` (Reddit), `yt-download`, `yt-playlist`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import ASKING
from cogs.hybrid import hybrid, prefixed
from cogs.language import later
from cogs.wishes import Flags, Wishes, checked_links, split_links, suggest_quality, understood
from core.errors import RequestRefused, UnsupportedUrl
from download_module.url_detector import UrlDetector

if TYPE_CHECKING:
    from cogs.client import BossBot

VIDEO = "https://www.youtube.com/watch?v=jNQXAC9IVRw"
PLAYLIST = "https://www.youtube.com/playlist?list=PLBCF2DAC6FFB574DE"
TWEET = "https://twitter.com/user/status/123"
THREAD = "https://www.reddit.com/r/pics/comments/abc123/"
NOTES = (later("For every other site there is `download`."),)
Count = commands.Range[int, 1, 5000]
ALL = 0


class SiteDownloads(commands.Cog):
    """Asking for the media of one site."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._detector = UrlDetector()

    @prefixed(
        name="dlt",
        description="Post the media of a Twitter/X link here.",
        example=(TWEET, f"{TWEET} high"),
        notes=(later("Takes posts, threads and profiles."), *NOTES),
        rate=ASKING,
        counts_as="download",
    )
    async def dlt(self, ctx: Context, url: str, *, flags: Flags) -> None:
        await self._take(ctx, "twitter", "Twitter/X", understood(url, flags, ctx))

    @prefixed(
        name="dlr",
        description="Post the media of a Reddit link here.",
        example=(THREAD, f"{THREAD} low"),
        notes=NOTES,
        rate=ASKING,
        counts_as="download",
    )
    async def dlr(self, ctx: Context, url: str, *, flags: Flags) -> None:
        await self._take(ctx, "reddit", "Reddit", understood(url, flags, ctx))

    @hybrid(
        name="yt-download",
        description="Post a YouTube video here.",
        example=(VIDEO, f"{VIDEO} 1080p", f"{VIDEO} 720p True"),
        notes=(later("The last word is whether only the sound is wanted."), *NOTES),
        rate=ASKING,
        counts_as="download",
    )
    @app_commands.describe(
        url="A link to a video on YouTube.",
        quality="best, 1080p, 720p ..., worst, or audio.",
        audio_only="Only the sound.",
    )
    async def yt_download(self, ctx: Context, url: str, quality: str | None = None, audio_only: bool = False) -> None:
        options = {"quality": quality, "audio": audio_only}
        await self._take(ctx, "youtube", "YouTube", _wishes(ctx, url, options))

    @hybrid(
        name="yt-playlist",
        description="Post the videos of a YouTube playlist or channel here.",
        example=(PLAYLIST, f"{PLAYLIST} 720p 5"),
        notes=(later("Without a number, as many as this bot takes of a playlist."), *NOTES),
        rate=ASKING,
        counts_as="download",
    )
    @app_commands.describe(
        url="A link to a playlist or a channel on YouTube.",
        quality="best, 1080p, 720p ..., worst, or audio.",
        count="How many videos, from the first.",
    )
    async def yt_playlist(self, ctx: Context, url: str, quality: str | None = None, count: Count = ALL) -> None:
        options = {"quality": quality, "items": f"1-{count}" if count != ALL else None}
        await self._take(ctx, "youtube", "YouTube", _wishes(ctx, url, options))

    @yt_download.autocomplete("quality")
    async def _suggest_for_video(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_quality(interaction, typed)

    @yt_playlist.autocomplete("quality")
    async def _suggest_for_list(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_quality(interaction, typed)

    async def _take(self, ctx: Context, site: str, called: str, wishes: Wishes) -> None:
        for link in wishes.links:
            if not self._is_of(link, site):
                raise RequestRefused(
                    ctx.t("This is no link to {site}. For other sites there is `download`.", site=called)
                )
        await self._bot.intake.take(ctx, wishes)

    def _is_of(self, link: str, site: str) -> bool:
        try:
            found = self._detector.detect(link.strip("<> ")).identity.site
        except UnsupportedUrl:
            return False
        return found.partition("-")[0] == site


def _wishes(ctx: Context, url: str, options: Mapping[str, object]) -> Wishes:
    given = {name: value for name, value in options.items() if value not in (None, False)}
    return Wishes(links=checked_links(split_links(url), ctx), options=given)
