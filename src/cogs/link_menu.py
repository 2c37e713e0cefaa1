"""`Download media`, in the menu of every message: what its links and its files lead to."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import ASKING
from cogs.hybrid import EXTRA, About
from cogs.wishes import MAX_LINKS, Wishes
from core.errors import RequestRefused
from download_module.link_finder import find_urls

if TYPE_CHECKING:
    from cogs.client import BossBot

NAME = "Download media"


class LinkMenu(commands.Cog):
    """Asking for the media of somebody's message."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(
            name=NAME, callback=self._download, extras={EXTRA: About(rate=ASKING, counts_as="download")}
        )

    async def cog_load(self) -> None:
        """Put it into Discord's menus."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it out again."""
        self._bot.tree.remove_command(NAME, type=self._menu.type)

    async def _download(self, interaction: discord.Interaction, message: discord.Message) -> None:
        ctx = await self._bot.get_context(interaction)
        try:
            await self._bot.begin_work(ctx)
            await self._bot.intake.take(ctx, Wishes(links=_links_of(message, ctx), options={}))
        except Exception as error:  # noqa: BLE001  (told and logged as those of commands are)
            self._bot.dispatch("command_error", ctx, error)


def _links_of(message: discord.Message, ctx: Context) -> tuple[str, ...]:
    """The links in a message and the addresses of its files, each once; also of one that it forwards."""
    texts = [message.content, *[one.content for one in message.message_snapshots]]
    files = [*message.attachments, *[file for one in message.message_snapshots for file in one.attachments]]
    written = [link for text in texts for link in find_urls(text)]
    links = tuple(dict.fromkeys([*written, *[file.url for file in files]]))
    if not links:
        raise RequestRefused(ctx.t("There is no link and no file in this message."))
    return links[:MAX_LINKS]
