"""Talks to Discord: REST only, no gateway. The only place of this module that knows discord.py."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord
from loguru import logger

from core.errors import (
    DestinationForbidden,
    DestinationUnavailable,
    SendFailed,
)
from upload_module.courier import LOOK_AGAIN
from upload_module.discord_refusals import UNKNOWN_MESSAGE, refusal
from upload_module.posts import Attached, Place, Post, Posted

MAX_RATE_LIMIT_WAIT = 60.0  # seconds; what is longer goes back into the queue
SEARCH_AT_MOST = 5_000  # messages, 50 requests
REQUEST_TIMEOUT = 300.0  # seconds, and more for the files that a request carries
SLOWEST = 64 * 1024  # bytes a second


class UploaderBot:
    """Sends messages and finds them again; logs in when it is first needed."""

    def __init__(self, token: str, *, api_base: str) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice, so nothing is missing
        discord.http.Route.BASE = api_base
        self._token = token
        self._client: discord.Client | None = None
        self._connecting = asyncio.Lock()
        self._refused_until = 0.0  # monotonic
        self._guild_limits: dict[int, int | None] = {}

    async def send(self, place: Place, post: Post) -> Posted | None:
        """Send a message; None when its nonce made one before that somebody has deleted since.

        Raises:
            SendFailed: whether it is there is not known.
            UploadError: it is certainly not there.
        """
        client = await self._connected()
        channel = client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        answered: dict[str, Any] = {}
        if place.reply_to is not None:
            partial = channel.get_partial_message(place.reply_to)
            answered["reference"] = partial.to_reference(fail_if_not_exists=False)
        with self._as_ours(), ExitStack() as opened:
            files = [_Attachment(file, post) for file in post.files]
            for file in files:
                opened.callback(file.close)
            try:
                message = await channel.send(
                    post.text,
                    files=files,
                    nonce=post.nonce,
                    allowed_mentions=_pinging(post.mention),
                    **answered,
                )
            except discord.NotFound as error:
                if error.code == UNKNOWN_MESSAGE:
                    return None
                raise
        return _posted(message)

    async def own_messages(self, place: Place, *, since: float) -> AsyncGenerator[Posted, None]:
        """Our messages in a channel after a time (seconds since 1970) and after the one that is answered.

        Raises:
            DestinationForbidden: the history can't be read, or not to its end.
        """
        client = await self._connected()
        channel = client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        start = discord.utils.time_snowflake(datetime.fromtimestamp(since, UTC))
        after = discord.Object(max(start, place.reply_to or 0))
        seen = 0
        with self._as_ours():
            async for message in channel.history(limit=SEARCH_AT_MOST, after=after, oldest_first=True):
                seen += 1
                if client.user is not None and message.author.id == client.user.id:
                    yield _posted(message)
            if seen == 0:
                # Without the permission Read Message History Discord answers with nothing instead of an error.
                newest = getattr(await client.fetch_channel(place.channel_id), "last_message_id", None)
                if newest is not None and newest > after.id:
                    raise DestinationForbidden
        if seen == SEARCH_AT_MOST:
            raise DestinationForbidden

    async def guild_limit(self, guild_id: int) -> int | None:
        """The upload limit in bytes that goes with a guild's boosts, None if unknown; asked once.

        Raises:
            UploadError: Discord did not answer.
        """
        if guild_id not in self._guild_limits:
            client = await self._connected()
            try:
                with self._as_ours():
                    guild = await client.fetch_guild(guild_id, with_counts=False)
                self._guild_limits[guild_id] = guild.filesize_limit
            except DestinationForbidden:  # asked in vain is asked once, too
                self._guild_limits[guild_id] = None
        return self._guild_limits[guild_id]

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> discord.Client:
        async with self._connecting:
            if time.monotonic() < self._refused_until:
                raise self._refused()
            if self._client is None:
                # Intents mean nothing without a gateway, but without this one the library warns at each start.
                intents = discord.Intents(guilds=True)
                client = discord.Client(intents=intents, max_ratelimit_timeout=MAX_RATE_LIMIT_WAIT)
                client.http.request = _patient(client.http.request)  # type: ignore[assignment, method-assign]  # it offers no other way in
                try:
                    with self._as_ours():
                        await client.login(self._token)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        """The one place where errors of Discord, its library and the network become ours."""
        try:
            yield
        except discord.LoginFailure:
            raise self._refuse() from None
        except discord.HTTPException as error:
            if error.status == 401:
                raise self._refuse() from None
            wait = error.response.headers.get("Retry-After")
            raise refusal(error.status, error.code, error.text, retry_after=wait) from error
        except discord.RateLimited as error:
            raise SendFailed("Discord asks to wait before sending more.", retry_after=error.retry_after) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SendFailed("The connection to Discord failed.") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # discord.py reads answers without checking them: a proxy's page of HTML ends here.
            logger.opt(exception=True).warning("Discord's answer was not understood")
            raise SendFailed("Discord's answer was not understood.") from error

    def _refuse(self) -> DestinationUnavailable:
        """Discord restricts an address after 10,000 answers of 401: say it once, and leave it alone for a while."""
        if time.monotonic() >= self._refused_until:
            logger.error("Discord refuses the token. Deliveries to Discord wait; set a valid BOSS_BOT_DISCORD_TOKEN.")
        self._refused_until = time.monotonic() + LOOK_AGAIN
        return self._refused()

    def _refused(self) -> DestinationUnavailable:
        return DestinationUnavailable(
            "Discord refuses the bot's token. The files are kept and sent when an admin has set a valid one.",
            retry_after=LOOK_AGAIN,
        )


def _patient(request: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """discord.py's request, with as much time as its files need: aiohttp ends it after 300 s, whatever it carries."""

    async def ask(route: discord.http.Route, **more: Any) -> Any:
        size = sum(file.size for file in more.get("files") or () if isinstance(file, _Attachment))
        return await request(route, timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT + size / SLOWEST), **more)

    return ask


class _Attachment(discord.File):
    """A file that refuses to be sent too late: discord.py tries up to five times, the nonce is forgotten before."""

    def __init__(self, file: Attached, post: Post) -> None:
        super().__init__(file.path, filename=file.name, spoiler=post.spoiler, description=file.description)
        self._send_before = post.send_before
        self.size = file.path.stat().st_size

    def reset(self, *, seek: int | bool = True) -> None:
        """Called by discord.py before each try."""
        if time.monotonic() > self._send_before:
            raise TimeoutError
        super().reset(seek=seek)


def _pinging(user_id: int | None) -> discord.AllowedMentions:
    """One member at most; never everyone, a role, or whoever is answered."""
    users = False if user_id is None else [discord.Object(user_id)]
    return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=users)


def _posted(message: discord.Message) -> Posted:
    return Posted(
        message_id=message.id,
        text=message.content,
        nonce=None if message.nonce is None else str(message.nonce),
        sizes=tuple(attachment.size for attachment in message.attachments),
        urls=tuple(attachment.url for attachment in message.attachments),
    )
