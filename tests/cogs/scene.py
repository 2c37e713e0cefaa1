"""A guild, its members, a database and the real bot; the test plays the runners."""

import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.database import Database
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Destination, Download, Request, Stage
from core.queries import Queries
from core.requests import Requests
from core.store import Store
from tests.support.discord_server import Channel, DiscordServer, Guild, Member, Message, Permission, posting
from tests.support.discord_server.bodies import Body
from tests.support.processes import Program, Programs, wait_until

URL = "https://media.example/clips/cat.mp4"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a test of the bot begins with."""

    discord: DiscordServer
    guild: Guild
    channel: Channel
    alice: Member
    bob: Member
    moderator: Member
    database: Database
    database_file: Path
    programs: Programs
    bots: list[Program] = field(default_factory=list)

    @property
    def queries(self) -> Queries:
        return Queries(self.database)

    @property
    def requests(self) -> Requests:
        return Requests(self.database, actor="test")

    async def start_bot(self, *, ready: bool = True, **env: str | None) -> Program:
        """Start `python -m bot` without runners, and wait until members can use it."""
        given: dict[str, str | None] = {
            **self.discord.environment,
            "BOSS_BOT_DISCORD_TOKEN": self.discord.token,
            "BOSS_BOT_DATABASE_URL": str(self.database.url),
            "BOSS_BOT_DATA_DIR": str(self.database_file.parent / "data"),
            "BOSS_BOT_START_RUNNERS": "false",
            "BOSS_BOT_LOG_LEVEL": "DEBUG",
            "PROGRESS_EDIT_INTERVAL": "1",
            "COMMAND_COOLDOWNS": "false",
        }
        bot = await self.programs.start(
            [sys.executable, "-m", "bot"], given | env, self.database_file.parent, name="bot"
        )
        if ready:
            await self.discord.wait_until_ready()
        self.bots.append(bot)
        return bot

    def runner(self, stage: Stage = DOWNLOAD_STAGE) -> Store:
        """The writes of a runner that the test plays."""
        return Store(self.database, stage=stage, runner=f"played-{stage.name}")

    async def row(self, number: int = 1) -> Download:
        """The download with that number, once it is there."""

        async def look() -> Download | None:
            return await self.queries.get(number)

        found = await wait_until(look, description=f"download {number}")
        assert found is not None
        return found

    async def claimed(self, stage: Stage = DOWNLOAD_STAGE) -> tuple[Store, Download]:
        """A runner and the next row, claimed by it."""
        runner = self.runner(stage)
        await wait_until(runner.has_claimable, description="a row to claim")
        claim = await runner.claim()
        assert claim is not None
        return runner, claim

    async def card(self, *words: str, timeout: float = 30) -> Message:
        """The message of the channel that shows all those words."""
        return await self.channel.wait_for(lambda message: all(word in message.text for word in words), timeout)

    async def with_card(self, url: str) -> Message:
        """A download of alice's that was asked for before the bot started: its message, which says nothing yet."""
        message = posting.compose(self.channel, self.discord.bot, {"content": "⏳ ..."}, Body({}))
        posting.show(message)
        request = Request(
            url=url,
            destination=Destination.DISCORD,
            user_id=self.alice.id,
            guild_id=self.guild.id,
            channel_id=self.channel.id,
            progress_message_id=message.id,
        )
        await self.requests.submit(request)
        return message

    def said(self) -> list[Message]:
        """The bot's messages that are there now."""
        return [one for one in self.channel.messages if one.author is self.discord.bot]

    def locked(self) -> sqlite3.Connection:
        """An admin's shell that holds the write lock until it is closed."""
        shell = sqlite3.connect(self.database_file, isolation_level=None, timeout=10)
        shell.execute("BEGIN IMMEDIATE")
        return shell


UPLOADS = UPLOAD_STAGE


@asynccontextmanager
async def opened(database_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    """A scene without a bot; `Scene.start_bot` adds it."""
    database = Database(f"sqlite+aiosqlite:///{database_file}")
    async with DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        manages = guild.add_role("moderators", guild.everyone.permissions | Permission.MANAGE_MESSAGES)
        scene = Scene(
            discord=discord,
            guild=guild,
            channel=guild.add_text_channel("media"),
            alice=guild.add_member("alice"),
            bob=guild.add_member("bob"),
            moderator=guild.add_member("mod", roles=(manages,)),
            database=database,
            database_file=database_file,
            programs=programs,
        )
        try:
            yield scene
        finally:
            for bot in scene.bots:
                await bot.terminate()  # in order, so that its coverage is written
            await database.close()
