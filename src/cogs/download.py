"""`download` and `download-only`: a command becomes rows. Their messages are edited by `progress` from then on."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import ASKING
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.wishes import Flags, Wishes, checked_links, split_links, suggest_quality, understood

if TYPE_CHECKING:
    from cogs.client import BossBot

EXAMPLE = "https://example.com/video"


class Downloads(commands.Cog):
    """Asking for media."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(
        description="Post the media behind a link here.",
        aliases=("dl",),
        example=(EXAMPLE, f"{EXAMPLE} quality=720p", f"{EXAMPLE} audio=yes clip=0:30-1:10", f"{EXAMPLE} upload=False"),
        notes=(
            later("Several links, with spaces between, become several downloads."),
            later("What is too large for this server is made to fit."),
            later("A playlist or gallery becomes one message with all of its entries."),
        ),
        rate=ASKING,
        counts_as="download",
    )
    @app_commands.describe(url="A link to a page or a file; several with spaces between.")
    async def download(self, ctx: Context, url: str, *, flags: Flags) -> None:
        await self._bot.intake.take(ctx, understood(url, flags, ctx))

    @hybrid(
        name="download-only",
        description="Fetch the media behind a link and keep it on the bot's machine.",
        example=EXAMPLE,
        rate=ASKING,
        counts_as="download",
    )
    @app_commands.describe(url="A link to a page or a file.")
    async def download_only(self, ctx: Context, *, url: str) -> None:
        links = checked_links(split_links(url), ctx)
        await self._bot.intake.take(ctx, Wishes(links=links, options={}, upload=False))

    @download.autocomplete("quality")
    async def _suggest_quality(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_quality(interaction, typed)
