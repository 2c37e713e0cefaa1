"""The Discord client: which intents, which cogs, what runs beside the gateway, and how it ends."""

import asyncio
from typing import Any

import discord
from discord.ext import commands
from loguru import logger

from cogs.admin import Admin
from cogs.command_sync import sync_commands
from cogs.context import Context
from cogs.download import Downloads
from cogs.errors import Errors, Tree
from cogs.progress import Progress
from cogs.queue import Queue
from core.database import Database
from core.queries import Queries
from core.requests import Requests
from core.settings import Settings
from core.wake import open_wake

LONGEST_SILENCE = 30.0  # seconds; a longer rate limit is raised instead of waited out (discord.py's least value)
RESTARTING = "❌ The bot is being restarted and did not do this. Ask again in a minute."
FINISH = 5.0  # seconds that commands in work have at the end
LAST_WORD = 2.0  # seconds to say that a command was not carried out


class BossBot(commands.Bot):
    """Turns commands into rows and rows into messages."""

    def __init__(self, settings: Settings, database: Database, *, message_content: bool = True) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice, so nothing is missing
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)
        super().__init__(
            commands.when_mentioned_or(settings.command_prefix),
            intents=intents,
            tree_cls=Tree,
            case_insensitive=True,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_SILENCE,
            max_messages=None,
        )
        self.settings = settings
        self.queries = Queries(database)
        self.requests = Requests(database, actor="bot")
        self._wake = open_wake(database)
        self._in_work: dict[asyncio.Task[Any], Context] = {}
        self._beside: list[asyncio.Task[None]] = []
        self.was_ready = False
        self.before_invoke(self._note_work)

    async def setup_hook(self) -> None:
        for cog in (Downloads(self), Queue(self), Admin(self), Errors(self)):
            await self.add_cog(cog)
        progress = Progress(
            self, self.queries, self.requests, self._wake, edit_interval=self.settings.progress_edit_interval
        )
        # Beside the gateway and not before it: a slow answer must not keep the bot from connecting.
        self._beside = [asyncio.create_task(progress.run()), asyncio.create_task(sync_commands(self))]

    # The overloads of the library's method can't be overridden as such; all callers get our context.
    async def get_context(self, origin: discord.Message | discord.Interaction, /, *, cls: Any = Context) -> Any:
        return await super().get_context(origin, cls=cls)

    async def on_ready(self) -> None:
        """Tell the admin that members can use the bot now."""
        self.was_ready = True
        logger.bind(user=str(self.user), guilds=len(self.guilds)).info("connected to Discord")

    async def finish(self) -> None:
        """Let commands that are in work end; for the rest, say that they were not carried out."""
        if self._in_work:
            await asyncio.wait(self._in_work, timeout=FINISH)
        late = dict(self._in_work)
        for task in late:
            task.cancel()
        if late:
            last_words = [asyncio.create_task(ctx.answer(RESTARTING)) for ctx in late.values()]
            # The commands are waited for too: aiosqlite hangs when it is cancelled again while it closes.
            await asyncio.wait([*late, *last_words], timeout=LAST_WORD)

    async def close(self) -> None:
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        self._beside.clear()
        await super().close()
        await self._wake.close()

    async def _note_work(self, ctx: Context) -> None:
        task = asyncio.current_task()
        assert task is not None, "commands run in tasks"
        self._in_work[task] = ctx
        task.add_done_callback(self._in_work.pop)
