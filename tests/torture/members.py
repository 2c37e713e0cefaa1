"""What people do all the time: ask for links, press buttons, change their minds, write into the table."""

import asyncio
import contextlib
import random
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field

from tests.support.discord_server import Interaction, Member, Message
from tests.torture.world import World

PAUSE = 0.4  # seconds between two deeds, at most
UNDER_WAY = 12  # downloads that may be unfinished before anybody asks for more
BUTTON = re.compile(r"bb:(?P<action>pause|resume|cancel|retry):(?P<id>\d+)")
OVER = ("uploaded", "failed", "cancelled")


@dataclass(kw_only=True)
class Members:
    """All who use the bot. What they were promised is kept: the program has to keep it, too."""

    world: World
    chance: random.Random
    used: list[Interaction] = field(default_factory=list)
    inserted: list[int] = field(default_factory=list)  # rows written by hand, committed

    async def act(self) -> None:
        """One deed after the other, until cancelled."""
        deeds: dict[Callable[[], Awaitable[str | None]], float] = {
            self._use_command: 4,
            self._write_command: 1,
            self._insert: 2,
            self._press: 3,
            self._edit_row: 0.5,
        }
        while True:
            await asyncio.sleep(self.chance.uniform(0, PAUSE))
            deed = self.chance.choices(list(deeds), list(deeds.values()))[0]
            if deed in (self._use_command, self._write_command, self._insert) and self._busy():
                continue
            try:
                told = await deed()
            except LookupError as error:  # no commands registered yet, or the card was edited a moment ago
                told = f"not done: {error}"
            if told:
                self.world.diary.note("member", told=told)

    async def relent(self) -> None:
        """Let go what they paused, so that everything can end."""
        await self._sql("UPDATE downloads SET paused = 0 WHERE paused = 1")

    def _busy(self) -> bool:
        over = ", ".join(f"'{status}'" for status in OVER)
        left = f"status NOT IN ({over}) AND NOT (status = 'downloaded' AND upload = 0)"
        return int(self.world.house.query(f"SELECT count(*) FROM downloads WHERE {left}")[0][0]) >= UNDER_WAY

    def _somebody(self) -> Member:
        return self.chance.choice(self.world.members)

    async def ask_for_browser(self) -> None:
        """Ask for a page that only a browser can show."""
        with contextlib.suppress(LookupError):  # no commands registered yet
            self.world.diary.note("member", told=await self._use_command("browser"))

    async def _use_command(self, shape: str | None = None) -> str:
        link = self.world.site.link(shape)
        channel = self.chance.choice(self.world.channels)
        self.used.append(await self._somebody().use(channel, "download", url=link.url))
        return f"/download {link.url}"

    async def _write_command(self) -> str:
        link = self.world.site.link()
        await self._somebody().write(self.chance.choice(self.world.channels), f"$download {link.url}")
        return f"$download {link.url}"

    async def _insert(self) -> str:
        """By hand: to the folder, or to a channel where no card stands."""
        link = self.world.site.link("direct")
        channel = self.chance.choice((None, *self.world.channels))
        columns = {"url": link.url, "priority": self.chance.choice((-1, 0, 1))}
        if channel is not None and channel.guild is not None:
            columns |= {"destination": "discord", "channel_id": channel.id, "guild_id": channel.guild.id}
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        row = await self._sql(f"INSERT INTO downloads ({names}) VALUES ({marks})", *columns.values())
        self.inserted.append(row)
        return f"row {row}: {link.url}"

    async def _press(self) -> str | None:
        found = [(message, wish) for message in self.world.said() for wish in wishes_of(message)]
        if not found:
            return None
        message, wish = self.chance.choice(found[-40:])
        self.used.append(await self.world.moderator.press(message, custom_id=wish))
        return wish

    async def _edit_row(self) -> str | None:
        rows = self.world.house.query("SELECT id FROM downloads WHERE status <> 'uploaded' ORDER BY id DESC LIMIT 20")
        if not rows or not rows[0][0]:
            return None
        number = self.chance.choice(rows)[0]
        change = self.chance.choice(("cancelled = 1", "paused = 1", "paused = 0", "priority = 1"))
        await self._sql(f"UPDATE downloads SET {change} WHERE id = ?", number)
        return f"row {number}: {change}"

    async def _sql(self, statement: str, *parameters: object) -> int:
        def write() -> int:
            with closing(sqlite3.connect(self.world.house.database, timeout=30, isolation_level=None)) as connection:
                return connection.execute(statement, parameters).lastrowid or 0

        return await asyncio.to_thread(write)


def wishes_of(message: Message) -> list[str]:
    """The buttons of a card that change something."""
    ids = (str(one.get("custom_id")) for one in message.interactive_components)
    return [one for one in ids if BUTTON.fullmatch(one)]
