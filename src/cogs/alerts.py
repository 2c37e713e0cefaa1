"""Warns the admin in a channel or by a webhook: once when something begins to be wrong, and once when it is over.

It speaks to Discord's REST API itself, so that it needs no gateway, and no token where there is a webhook.
"""

import asyncio
import re
import zlib
from dataclasses import dataclass
from typing import Any

import httpx
from loguru import logger

from cogs.texts import plain
from core.alert_book import Alert, AlertBook, alert_limits, read_facts
from core.alert_rules import judge
from core.database import Database
from core.errors import ConfigurationError, DatabaseLost
from core.settings import Settings

LOOK = 60.0  # seconds
TIMEOUT = 10.0  # seconds
MOST = 300  # characters of a sentence
# Discord's own hosts: whatever else is asked of by this process would be somebody else's network.
WEBHOOK = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api(?:/v\d{1,2})?/webhooks/\d{1,20}/[\w-]{1,200}"
)
NOT_A_WEBHOOK = (
    "ALERT_WEBHOOK_URL is no webhook of Discord. One looks like https://discord.com/api/webhooks/123/abc: make it in "
    "the settings of a channel, under Integrations."
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where warnings are posted."""

    url: str
    headers: dict[str, str]
    keeps_nonces: bool  # a message that is sent again with the same nonce is not posted again

    def body(self, alert: Alert) -> dict[str, Any]:
        """The message that tells of a warning."""
        sign, word = ("✅", "Over") if alert.ended_at else ("⚠️", "Warning")
        body = {
            "content": f"{sign} **{word}**: {plain(alert.sentence, MOST)}",
            "allowed_mentions": {"parse": []},
            "flags": 1 << 2,  # no previews of links
        }
        if self.keeps_nonces:
            moment = re.sub(r"\D", "", alert.ended_at or alert.began_at)
            body |= {"nonce": f"{moment}-{zlib.crc32(f'{word} {alert.name}'.encode())}", "enforce_nonce": True}
        return body


def mailbox_of(settings: Settings) -> Mailbox | None:
    """Where the settings want warnings; a webhook wins over a channel. None: nowhere.

    Raises:
        ConfigurationError: what should be a webhook is none.
    """
    base = settings.discord_api_base.rstrip("/")
    if settings.alert_webhook_url is not None:
        url = settings.alert_webhook_url.get_secret_value().strip()
        ours = re.fullmatch(re.escape(base) + r"/webhooks/\d{1,20}/[\w-]{1,200}", url)
        if WEBHOOK.fullmatch(url) is None and ours is None:
            raise ConfigurationError(NOT_A_WEBHOOK)
        return Mailbox(url, {}, keeps_nonces=False)
    if settings.alert_channel is not None and settings.discord_token is not None:
        headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
        return Mailbox(f"{base}/channels/{settings.alert_channel}/messages", headers, keeps_nonces=True)
    if settings.alert_channel is not None:
        logger.warning("ALERT_CHANNEL needs the bot's token: without one nobody is warned there")
    return None


async def keep_warning(
    settings: Settings, database: Database, mailbox: Mailbox | None, stop: asyncio.Event, *, look: float = LOOK
) -> None:
    """Look every so often how things stand, write what is wrong, and post what changed, until `stop`."""
    watch = Watch(settings, database)
    while not await _stopped(stop, look):
        try:
            await watch.look()
            if mailbox is not None:
                await tell(watch.book, mailbox)
        except DatabaseLost:
            return  # who waits for `Database.lost` ends the process
        except Exception as error:  # noqa: BLE001  (warnings are beside the work, and never its end)
            logger.warning("could not look for what to warn of: {!r}", error)


class Watch:
    """Judges how things stand. What is wrong must be so at two looks, and what is over, too: nothing flickers."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.book = AlertBook(database)
        self._settings = settings
        self._database = database
        self._before: frozenset[str] | None = None

    async def look(self) -> None:
        """Look once, and write what changed for good."""
        active = {one.name: one.sentence for one in await self.book.active()}
        facts = await read_facts(self._database, self._settings.download_dir)
        now = judge(facts, alert_limits(self._settings), active)
        before, self._before = self._before, frozenset(now)
        if before is None:  # the first look: only what was told before is known to be wrong
            before = frozenset(active)
        holds = {name: now[name] for name in now if name in before or name in active}
        ends_soon = {name: active[name] for name in active if name in before and name not in now}
        await self.book.update(holds | ends_soon)


async def tell(book: AlertBook, mailbox: Mailbox) -> None:
    """Post what the admin was not told of; what can't be posted now is tried again at the next look."""
    untold = await book.untold()
    if not untold:
        return
    async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
        for alert in reversed(untold):  # the oldest first
            try:
                answer = await client.post(mailbox.url, json=mailbox.body(alert), headers=mailbox.headers)
            except httpx.HTTPError as error:
                logger.warning("a warning could not be posted: {}", type(error).__name__)
                return
            if not answer.is_success:
                logger.warning("a warning could not be posted: Discord answered {}", answer.status_code)
                return
            await book.told(alert)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
