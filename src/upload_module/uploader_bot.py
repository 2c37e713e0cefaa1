"""Talks to Discord: REST only, no gateway. The only place of this module that knows discord.py."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord
from loguru import logger

from core.errors import DestinationBusy, DestinationForbidden, SendFailed
from upload_module.discord_refusals import ASKS_TO_WAIT, UNKNOWN_MESSAGE, UNSAID, refusal
from upload_module.posts import Attached, Place, Post, Posted
from upload_module.silence import Silence

MAX_RATE_LIMIT_WAIT = 60.0  # seconds; what is longer goes back into the queue
SEARCH_AT_MOST = 5_000  # messages, 50 requests
REQUEST_TIMEOUT = 300.0  # seconds, and more for the files that a request carries
SLOWEST = 64 * 1024  # bytes a second
ANSWERS_WITHIN = 10.0  # seconds
DOWN_FOR = 30.0  # seconds between looks at a Discord that is down


class UploaderBot:
    """Sends messages and finds them again; logs in when it is first needed."""

    def __init__(self, token: str, *, api_base: str) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice, so nothing is missing
        discord.http.Route.BASE = api_base
        self._token = token
        self._client: discord.Client | None = None
        self._connecting = asyncio.Lock()
        self._silence = Silence()
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
        async with self._asking(client):
            message = await self._send(channel, post, answered)
        return None if message is None else _posted(message)

    @staticmethod
    async def _send(
        channel: discord.PartialMessageable, post: Post, answered: dict[str, Any]
    ) -> discord.Message | None:
        with ExitStack() as opened:
            files = [_Attachment(file, post) for file in post.files]
            for file in files:
                opened.callback(file.close)
            try:
                return await channel.send(
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

    async def is_there(self, place: Place, message_id: int) -> bool:
        """Whether a message exists.

        Raises:
            DestinationForbidden: it can't be read, so nobody knows.
            UploadError: Discord did not answer.
        """
        client = await self._connected()
        channel = client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        async with self._asking(client):
            try:
                await channel.fetch_message(message_id)
            except discord.NotFound:
                return False
        return True

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
        async with self._asking(client):
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
                async with self._asking(client):
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
            self._silence.check()
            if self._client is None:
                # Intents mean nothing without a gateway, but without this one the library warns at each start.
                intents = discord.Intents(guilds=True)
                client = discord.Client(intents=intents, max_ratelimit_timeout=MAX_RATE_LIMIT_WAIT)
                client.http.request = _patient(client.http.request)  # type: ignore[assignment, method-assign]  # it offers no other way in
                try:
                    with self._as_ours():
                        await client.login(self._token)
                except BaseException as error:
                    await client.close()
                    if type(error) is SendFailed:  # no files were in it
                        raise DestinationBusy(str(error), retry_after=DOWN_FOR) from error
                    raise
                self._client = client
            return self._client

    @asynccontextmanager
    async def _asking(self, client: discord.Client) -> AsyncGenerator[None, None]:
        """Around requests: whether it is these that Discord does not take, or all."""
        try:
            with self._as_ours():
                yield
        except DestinationBusy:
            raise
        except SendFailed as error:
            if await _answers(client):
                raise
            logger.warning("Discord does not answer: {}", error)
            raise DestinationBusy(retry_after=DOWN_FOR) from error

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        """The one place where errors of Discord, its library and the network become ours."""
        try:
            yield
        except discord.LoginFailure:
            raise self._silence.refused() from None
        except discord.HTTPException as error:
            if error.status == 401:
                raise self._silence.refused() from None
            wait = error.response.headers.get("Retry-After")
            ours = refusal(error.status, error.code, error.text, retry_after=wait)
            if error.status == 429:
                self._silence.asked_for(ours.retry_after)  # of one channel the library would have waited itself
            raise ours from error
        except discord.RateLimited as error:
            raise DestinationBusy(ASKS_TO_WAIT, retry_after=error.retry_after) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SendFailed("The connection to Discord failed.") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if error.args == ("retry_after",):
                raise DestinationBusy(ASKS_TO_WAIT, retry_after=UNSAID) from error
            # discord.py reads answers without checking them: a proxy's page of HTML ends here.
            logger.opt(exception=True).warning("Discord's answer was not understood")
            raise SendFailed("Discord's answer was not understood.") from error


async def _answers(client: discord.Client) -> bool:
    """Whether Discord answers anything at all."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            await client.http.request(discord.http.Route("GET", "/users/@me"))
    except discord.HTTPException as error:
        return error.status < 500
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
    except discord.RateLimited:
        return True
    return True


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
