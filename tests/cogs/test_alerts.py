"""Warnings reach the admin's channel or webhook: once each, mentioning nobody, also after a restart."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cogs.alerts import Watch, keep_warning, mailbox_of, tell
from core.alert_book import AlertBook
from core.database import Database
from core.errors import ConfigurationError
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE
from core.settings import Settings
from tests.core import given
from tests.support.discord_server import DiscordServer
from tests.support.processes import wait_until

QUIET = {"ALERT_FREE_SPACE": "0", "ALERT_LIBRARY_DAYS": "0"}
STAGES = {"download": DOWNLOAD_STAGE, "upload": UPLOAD_STAGE}
SENTENCE = "No download runner gives a sign of life."


class Webhook:
    """What a webhook was sent; `status` is its answer."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status = 204


@pytest.fixture
def webhook() -> Iterator[tuple[Webhook, str]]:
    """A webhook, and the base of its addresses."""
    seen = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(seen.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield seen, f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    thread.join()
    server.server_close()


@asynccontextmanager
async def warning(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Warnings are kept up while the block runs."""
    stop = asyncio.Event()
    task = asyncio.create_task(keep_warning(settings, database, mailbox_of(settings), stop, look=0.02))
    yield
    stop.set()
    await task


def settings_of(**values: object) -> Settings:
    return Settings.model_validate(QUIET | values)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_channel_is_told_when_runners_are_gone_and_when_they_are_back(database: Database) -> None:
    async with DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        channel = guild.add_text_channel("alerts")
        settings = settings_of(ALERT_CHANNEL=channel.id, **discord.environment)
        async with warning(settings, database):
            await channel.wait_for(lambda message: SENTENCE in message.text, 20)
        async with warning(settings, database):  # the bot was started again
            for kind in ("download", "upload"):
                await given.runner(database, kind, STAGES[kind]).sign_on(1)
            await channel.wait_for(lambda message: "Over" in message.text and SENTENCE in message.text, 20)
            await wait_until(lambda: sum("Over" in one.text for one in channel.messages) == 2)
        assert len([one for one in channel.messages if SENTENCE in one.text]) == 2
        assert len(channel.messages) == 4, "of each kind of runner: that it is gone, and that it is back"


async def test_a_lost_database_ends_the_looks_and_nothing_else_does(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    looks = []
    look = Watch.look

    async def broken_once(watch: Watch) -> None:
        looks.append(watch)
        if len(looks) == 1:
            raise ValueError
        await look(watch)

    monkeypatch.setattr(Watch, "look", broken_once)
    stop = asyncio.Event()
    task = asyncio.create_task(keep_warning(settings_of(), database, None, stop, look=0.02))
    await wait_until(lambda: len(looks) > 2)
    sqlite_file.unlink()
    await asyncio.wait_for(task, 20)
    assert database.fault is not None
    await database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_webhook_is_told_without_a_token_and_mentions_nobody(
    database: Database, webhook: tuple[Webhook, str]
) -> None:
    seen, base = webhook
    settings = settings_of(DISCORD_API_BASE=base, ALERT_WEBHOOK_URL=f"{base}/webhooks/123/abc-DEF_9")
    mailbox = mailbox_of(settings)
    assert mailbox is not None
    book = AlertBook(database)
    await book.update({"site x": "@everyone **evil** <@1> fails."})
    seen.status = 503
    await tell(book, mailbox)
    seen.status = 204
    await tell(book, mailbox)
    await tell(book, mailbox)
    assert len(seen.bodies) == 2, "the one that failed was tried again, the one that arrived was not"
    assert seen.bodies[-1]["allowed_mentions"] == {"parse": []}
    assert "**evil**" not in seen.bodies[-1]["content"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_wrong_for_a_moment_is_no_warning(database: Database) -> None:
    watch = Watch(settings_of(), database)
    await watch.look()
    assert await watch.book.active() == []
    await watch.look()
    assert {one.name for one in await watch.book.active()} == {"download runner", "upload runner"}
    await database.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO runners (name, kind, pid) VALUES ('d', 'download', 1)"
        )
    )
    await watch.look()
    assert len(await watch.book.active()) == 2
    await watch.look()
    assert [one.name for one in await watch.book.active()] == ["upload runner"]


@pytest.mark.parametrize(
    "url",
    [
        "http://discord.com/api/webhooks/1/a",
        "https://discord.com.evil.test/api/webhooks/1/a",
        "https://evil.test/api/webhooks/1/a",
        "https://discord.com@127.0.0.1/api/webhooks/1/a",
        "https://discord.com/api/webhooks/1/a/../../../users/@me",
        "https://discord.com/api/webhooks/1/a?x=1",
        "http://169.254.169.254/latest",
    ],
)
def test_only_webhooks_of_discord_are_taken(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no webhook of Discord"):
        mailbox_of(settings_of(ALERT_WEBHOOK_URL=url))


def test_a_real_webhook_is_taken_and_wins_over_a_channel() -> None:
    url = "https://discord.com/api/webhooks/123456789012345678/aB-_9"
    mailbox = mailbox_of(settings_of(ALERT_WEBHOOK_URL=url, ALERT_CHANNEL=1, BOSS_BOT_DISCORD_TOKEN="t"))
    assert mailbox is not None
    assert (mailbox.url, mailbox.headers) == (url, {})
    assert mailbox_of(settings_of()) is None
