"""The Discord client: which intents, which cogs, what runs beside the gateway, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from loguru import logger

from cogs.admin import Admin
from cogs.begun import TROUBLE, Begun
from cogs.cards import line
from cogs.command_sync import sync_commands
from cogs.command_texts import CommandTexts
from cogs.context import Context
from cogs.controls import Controls
from cogs.cooldowns import Cooldowns
from cogs.detection import Detection, Watched
from cogs.download import Downloads
from cogs.elsewhere import Echoes
from cogs.errors import Errors, Tree
from cogs.guild_settings import GuildSettings
from cogs.help import Help
from cogs.hybrid import about
from cogs.intake import Intake
from cogs.language import Language, later
from cogs.link_menu import LinkMenu
from cogs.member_settings import MemberSettings
from cogs.owner import Owner
from cogs.progress import Progress
from cogs.queue import Queue
from cogs.site_downloads import SiteDownloads
from cogs.spoken import Spoken
from cogs.stats import Stats
from cogs.status import Status
from cogs.steering import Steering
from core.database import Database
from core.history_reading import HistoryReader
from core.models import Batch, Download
from core.queries import Queries
from core.requests import Requests
from core.settings import Settings
from core.site_board import SiteBoard
from core.statistics import Statistics
from core.wake import open_wake
from pooler.house import House

MIB = 1024 * 1024
LONGEST_SILENCE = 30.0  # seconds; a longer rate limit is raised instead of waited out (discord.py's least value)
RESTARTING = later("❌ The bot is being restarted and did not do this. Ask again in a minute.")
PARTLY_DONE = later("❌ The bot is being restarted and did not do all of this. Ask again for what is missing.")
FINISH = 5.0  # seconds that commands in work have at the end
LAST_WORD = 2.0  # seconds to say that a command was not carried out


# Each is made with the bot alone; `make texts` reads their descriptions from here.
COGS: tuple[Callable[["BossBot"], commands.Cog], ...] = (
    Downloads,
    SiteDownloads,
    LinkMenu,
    Detection,
    Controls,
    Status,
    Steering,
    Queue,
    Stats,
    MemberSettings,
    GuildSettings,
    Help,
    Admin,
    Owner,
    Errors,
)


class BossBot(commands.AutoShardedBot):
    """Turns commands into rows and rows into messages; in as many shards as Discord asks for, mostly one."""

    def __init__(
        self, settings: Settings, database: Database, *, message_content: bool = True, house: House | None = None
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice, so nothing is missing
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)
        super().__init__(
            commands.when_mentioned_or(settings.command_prefix),
            intents=intents,
            tree_cls=Tree,
            help_command=None,  # ours is a hybrid one
            case_insensitive=True,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_SILENCE,
            max_messages=None,
            # Members may use it in their own name, too, also where it is no member itself.
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        self.settings = settings
        self.queries = Queries(database)
        self.requests = Requests(database, actor="bot")
        self.spoken = Spoken()
        self.cooldowns = Cooldowns()
        self.begun = Begun(self, self.queries, self.spoken, settings.data_dir / "begun")
        self.intake = Intake(self)
        self.statistics = Statistics(database)
        self.history = HistoryReader(database)
        self.site_board = SiteBoard(database)
        self.watched = Watched(self.queries)
        self.house = house or House()
        self._wake = open_wake(database)
        self.echoes = Echoes(self.queries, _line, edit_interval=settings.progress_edit_interval)
        self._in_work: dict[asyncio.Task[Any], Context] = {}
        self._beside: list[asyncio.Task[None]] = []
        self.was_ready = False
        self.before_invoke(self.begin_work)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CommandTexts())
        for cog in COGS:
            await self.add_cog(cog(self))
        progress = Progress(
            self,
            self.queries,
            self.requests,
            self._wake,
            edit_interval=self.settings.progress_edit_interval,
            slots=self.settings.max_concurrent_downloads,
            upload_limit=self.settings.upload_limit_mb * MIB,
        )
        # Beside the gateway and not before it: a slow answer must not keep the bot from connecting.
        beside = (
            self.spoken.load(self.queries),
            progress.run(),
            self.echoes.run(),
            self.begun.run(),
            sync_commands(self),
        )
        self._beside = [asyncio.create_task(one) for one in beside]

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:  # noqa: ARG002  (see below)
        # Discord's answer says how many shards, the settings say where: else only reconnects would follow them.
        await super().launch_shard(DiscordWebSocket.DEFAULT_GATEWAY, shard_id, initial=initial)

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
            last_words = [asyncio.create_task(_last_word(ctx)) for ctx in late.values()]
            # The commands are waited for too: aiosqlite hangs when it is cancelled again while it closes.
            await asyncio.wait([*late, *last_words], timeout=LAST_WORD)

    async def close(self) -> None:
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        self._beside.clear()
        await super().close()
        await self._wake.close()

    def pace(self, command: object, *, user_id: int, guild_id: int | None) -> None:
        """Count a use of a command.

        Raises:
            TooFast: it comes too soon.
        """
        told = about(command)
        if told.rate is not None and self.settings.command_cooldowns:
            name = told.counts_as or str(getattr(command, "qualified_name", ""))
            self.cooldowns.use(name, told.rate, user_id=user_id, guild_id=guild_id)

    async def begin_work(self, ctx: Context) -> None:
        """Before a command: is it time for it, and remember it until it is over."""
        self.pace(ctx.command, user_id=ctx.author.id, guild_id=ctx.guild_id)
        task = asyncio.current_task()
        assert task is not None, "commands run in tasks"
        self._in_work[task] = ctx
        task.add_done_callback(self._in_work.pop)


async def _last_word(ctx: Context) -> None:
    try:
        if ctx.has_rows:
            await ctx.say_more(ctx.t(PARTLY_DONE))
        else:
            await ctx.answer(ctx.t(RESTARTING))
    except (discord.DiscordException, *TROUBLE) as error:
        logger.warning("could not say that a command was not carried out: {}", error)


def _line(row: Download, batch: Batch | None, t: Language) -> str:
    return line(row, batch=batch, t=t)
