"""Where links become rows: who may, what holds for him, which message will show it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import discord
from loguru import logger

from cogs.authority import Authority
from cogs.begun import BEGUN
from cogs.context import Context
from cogs.elsewhere import direct_messages, is_elsewhere
from cogs.errors import lacking, sentence_for
from cogs.permission_names import missing_permissions
from cogs.texts import plain
from cogs.wishes import Wishes
from core.errors import RequestRefused
from core.models import Destination, Request
from core.options import checked_options
from core.preferences import GuildPreferences, MemberPreferences
from core.quotas import quotas_of

if TYPE_CHECKING:
    from cogs.client import BossBot

TORRENTS = "magnet:"
Post = Callable[[], Awaitable[discord.Message]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and what holds for him there."""

    authority: Authority
    member: MemberPreferences
    guild: GuildPreferences


class Intake:
    """Takes what members ask for."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._upload_limits: dict[int, int] = {}  # bytes by guild, as last written
        self._quotas = quotas_of(bot.settings)

    async def take(self, ctx: Context, wishes: Wishes) -> None:
        """Write a row for each link of a command that is answered here; its message shows the first."""
        with self._bot.begun.at(ctx.channel.id, *([wishes.to.id] if wishes.to else [])):
            await self._take(ctx, wishes)

    async def _take(self, ctx: Context, wishes: Wishes) -> None:
        first = await ctx.answer(BEGUN)
        asker = await self.asker(ctx, wishes)
        limit = ctx.interaction.filesize_limit if ctx.interaction is not None else None
        request = self._request(ctx, asker, wishes, limit)
        if is_elsewhere(ctx.interaction):
            await self._take_elsewhere(ctx, request, wishes, asker)
            return
        check_place(ctx, wishes)
        post = await self._poster(ctx, wishes, first)
        for number, link in enumerate(wishes.links):
            message = await post()
            # The refusal of the only link is the answer of the command.
            is_answer = number == 0 and message is first and len(wishes.links) == 1
            await self._submit(ctx, replace(request, url=link), message, asker, is_answer=is_answer)
        await self._learn(ctx.guild_id, limit)

    async def take_noticed(self, ctx: Context, wishes: Wishes) -> None:
        """Write a row for each link of a message that asked for nothing; each is shown by a reply.

        Raises:
            RequestRefused: its author may not, or the bot can't post there.
        """
        asker = await self.asker(ctx, wishes)
        check_place(ctx, wishes)
        request = self._request(ctx, asker, wishes, None)
        with self._bot.begun.at(ctx.channel.id):
            for link in wishes.links:
                message = await ctx.message.reply(BEGUN, mention_author=False)
                await self._submit(ctx, replace(request, url=link), message, asker, is_answer=False)

    async def asker(self, ctx: Context, wishes: Wishes) -> Asker:
        """Who asks, as the database knows him.

        Raises:
            RequestRefused: he may not ask for this here.
        """
        asker = Asker(
            authority=await ctx.authority(),
            member=await self._bot.queries.member_preferences(ctx.author.id),
            guild=await self._bot.queries.guild_preferences(ctx.guild_id),
        )
        self._check_authority(ctx, asker.authority, wishes)
        return asker

    def _check_authority(self, ctx: Context, authority: Authority, wishes: Wishes) -> None:
        t = ctx.t
        if not authority.download:
            raise RequestRefused(t("You may not ask for downloads here. Ask a moderator for a role that may."))
        if wishes.priority == 1 and not (authority.manage_queue or authority.is_owner):
            raise RequestRefused(t("High priority is for those who manage the queue."))
        allowed = authority.torrents or self._bot.settings.torrents_for_members
        if any(link.strip("<> ").lower().startswith(TORRENTS) for link in wishes.links) and not allowed:
            raise RequestRefused(t("This bot does not fetch torrents for you."))

    def _request(self, ctx: Context, asker: Asker, wishes: Wishes, limit: int | None) -> Request:
        """What all links of a command have in common."""
        options = _checked(wishes.options)
        quality = asker.member.quality or asker.guild.quality
        if quality and not {"quality", "audio"} & options.keys():
            options["quality"] = quality
        limits = asker.authority.limits
        return Request(
            url="",
            destination=Destination.DISCORD,
            upload=wishes.upload,
            priority=asker.member.priority if wishes.priority is None else wishes.priority,
            user_id=ctx.author.id,
            user_name=ctx.author.global_name or ctx.author.name,  # not his name in one server: others may see it
            guild_id=ctx.guild_id,
            upload_limit_bytes=limit,
            options=options,
            size_limit_bytes=limits.max_bytes,
            running_limit=limits.running,
            allow_torrents=asker.authority.torrents,
            auto_retry=asker.member.auto_retry,
            locale=ctx.t.tag,
        )

    async def _poster(self, ctx: Context, wishes: Wishes, first: discord.Message) -> Post:
        """What makes the message of each link: the answer itself, then further ones, or all in another channel."""
        place = wishes.to
        if place is not None and place.id != ctx.channel.id:
            await ctx.answer(ctx.t("➡️ In {channel}.", channel=place.mention))
            return lambda: place.send(BEGUN)
        ready = [first]

        async def post() -> discord.Message:
            return ready.pop() if ready else await ctx.say_more(BEGUN)

        return post

    async def _submit(
        self, ctx: Context, request: Request, message: discord.Message, asker: Asker, *, is_answer: bool
    ) -> None:
        placed = replace(request, channel_id=message.channel.id, progress_message_id=message.id)
        try:
            await self.submit(placed, asker)
            ctx.has_rows = True
        except RequestRefused as refused:
            if is_answer:
                raise
            await message.edit(content=f"❌ {sentence_for(refused, t=ctx.t)}")

    async def submit(self, request: Request, asker: Asker) -> int:
        """Write the row, within the limits of the host and of the member; its number.

        Raises:
            RequestRefused: the queue is full, the member has all that he may have, or this is no link.
        """
        number = await self._bot.requests.submit(
            request,
            max_waiting=self._bot.settings.max_queue_size,
            limits=asker.authority.limits,
            quotas=self._quotas,
        )
        logger.bind(download=number, guild=request.guild_id).info("asked")
        return number

    async def _take_elsewhere(self, ctx: Context, request: Request, wishes: Wishes, asker: Asker) -> None:
        for link in wishes.links:
            place = await direct_messages(ctx.author, BEGUN)
            number = await self.submit(
                replace(
                    request,
                    url=link,
                    guild_id=place.guild_id,
                    channel_id=place.channel_id,
                    progress_message_id=place.message_id,
                    upload_limit_bytes=None,
                ),
                asker,
            )
            if ctx.interaction is not None:
                answer = await ctx.interaction.original_response()
                self._bot.echoes.add(number, answer, jump_url=place.jump_url, t=ctx.t)

    async def _learn(self, guild_id: int | None, limit: int | None) -> None:
        if limit is None or guild_id is None or self._upload_limits.get(guild_id) == limit:
            return
        await self._bot.requests.learn_upload_limit(guild_id, limit)
        self._upload_limits[guild_id] = limit


def check_place(ctx: Context, wishes: Wishes) -> None:
    """Whether the bot can post where the files should go, and the member could.

    Raises:
        RequestRefused: names the permissions that are missing.
    """
    if ctx.guild is None:
        return
    has = ctx.interaction.app_permissions if ctx.interaction is not None else ctx.bot_permissions
    channel: Any = ctx.channel
    if wishes.to is not None and wishes.to.id != ctx.channel.id:
        channel = wishes.to
        has = channel.permissions_for(ctx.guild.me)
        may = channel.permissions_for(ctx.author)
        if not (may.view_channel and may.send_messages and may.attach_files):
            raise RequestRefused(ctx.t("You may not post files in {channel}.", channel=channel.mention))
    if names := missing_permissions(has, channel, files=wishes.upload):
        raise RequestRefused(lacking(names, ctx.t))


def _checked(wishes: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked_options(wishes)
    except RequestRefused as refused:
        raise RequestRefused(plain(str(refused), 400)) from None  # it quotes what the member wrote
