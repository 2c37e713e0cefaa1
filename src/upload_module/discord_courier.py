"""Delivers to a Discord channel, each file in exactly one message, whatever dies in between.

The nonce of a message is committed before it is sent. Afterwards the files of a download are of three kinds: with a
message (done), with a nonce alone (perhaps sent: looked for, and sent again under the same nonce, which Discord
recognizes for some minutes), and with neither (not sent). A file that was made of another one to fit is a file like
any other here.
"""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from loguru import logger

from core.deliveries import Deliveries
from core.earlier import DELETED
from core.errors import DeliveryUnclear, DestinationForbidden, FileTooLarge
from core.models import Download, MediaFile
from core.preferences import Notify
from core.queries import Queries
from upload_module.captions import belongs_to, caption
from upload_module.courier import Tell
from upload_module.deliverables import Deliverables
from upload_module.delivery_nonce import DeliveryNonce
from upload_module.display_names import display_name, visible
from upload_module.finished_files import checked
from upload_module.links import LinkStore, link_text
from upload_module.posts import Attached, Place, Post, Posted
from upload_module.preparation import Preparation
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits, plan_messages, too_large
from upload_module.uploader_bot import UploaderBot

NONCE_IS_SAFE = 90.0  # seconds; Discord says "the past few minutes", and the upload itself takes its time
CLOCKS_MAY_DIFFER = 7200.0  # seconds
MAX_DESCRIPTION = 1024  # characters of an alt text; Discord's

Message = tuple[MediaFile, ...]


class DiscordCourier:
    """Implements `Courier`."""

    def __init__(
        self,
        *,
        bot: UploaderBot,
        deliveries: Deliveries,
        queries: Queries,
        limits: UploadLimits,
        preparation: Preparation,
        links: LinkStore | None = None,
        nonce_is_safe: float = NONCE_IS_SAFE,
    ) -> None:
        self._bot = bot
        self._deliveries = deliveries
        self._queries = queries
        self._limits = limits
        self._preparation = preparation
        self._links = links
        self._nonce_is_safe = nonce_is_safe

    async def deliver(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> Path | None:  # noqa: ARG002  (what was made of them matters as well)
        """See `Courier`."""
        for nonce, message in _perhaps_sent(await self._queries.all_files(download.id)):
            await tell("checking what was sent")
            await self._make_clear(download, message, nonce)
        limits: Limits | None = None
        while (await self._rows(download)).waiting():
            limits = limits or await self._limits.known(download)
            await self._preparation.prepare(download, limits)
            lowered = await self._deliver_what_fits(download, limits, tell)
            if lowered is None:
                await self._link_or_refuse_the_rest(download, limits, tell)
                break
            limits = lowered
        return None

    async def _deliver_what_fits(self, download: Download, limits: Limits, tell: Tell) -> Limits | None:
        """Send all files that fit; the limits when Discord says that they are lower, None when all is done."""
        rows = await self._rows(download)
        fitting = [file for file in rows.waiting() if file.bytes <= limits.file]
        messages = plan_messages(fitting, limits)
        for file in fitting:
            checked(file)  # all of them, before the first is sent
        total = rows.messages + len(messages)
        for number, message in enumerate(messages, rows.messages + 1):
            await tell(f"sending {number}/{total}")
            try:
                await self._send(download, message, DeliveryNonce.new(download.epoch), (number, total))
            except FileTooLarge:
                await self._deliveries.forget_nonce(download, _ids(message))
                return await self._limits.lowered(download, message, limits)
        return None

    async def _link_or_refuse_the_rest(self, download: Download, limits: Limits, tell: Tell) -> None:
        """Post links to the files that were not delivered, if there are any, or say which they are."""
        rows = await self._rows(download)
        undelivered = [file for file in rows.sources if file.delivered_message_id is None]
        if undelivered and self._links is None:
            raise too_large(undelivered, limits, total=len(rows.sources))
        for number, file in enumerate(undelivered, 1):
            await tell(f"storing {number}/{len(undelivered)}")
            await self._send_link(download, file, DeliveryNonce.new(download.epoch))

    async def _send_link(self, download: Download, file: MediaFile, nonce: DeliveryNonce, *, age: float = 0.0) -> None:
        assert self._links is not None, "asked before"
        link = await self._links.keep(file)
        place, mention = await self._addressed(download)
        text = link_text(download, file, link, mention=mention)
        send_before = time.monotonic() + self._nonce_is_safe - age
        await self._deliveries.commit_nonce(download, [file.id], nonce.text)
        post = Post(text=text, files=(), spoiler=False, nonce=nonce.text, send_before=send_before, mention=mention)
        posted = await self._bot.send(place, post)
        message_id = DELETED if posted is None else posted.message_id
        await self._deliveries.record_message(download, message_id, {file.id: link.url})

    async def _rows(self, download: Download) -> Deliverables:
        return Deliverables(await self._queries.all_files(download.id))

    async def _send(
        self, download: Download, message: Message, nonce: DeliveryNonce, which: tuple[int, int], *, age: float = 0.0
    ) -> None:
        """Send message `which`: (number, of how many)."""
        place, mention = await self._addressed(download)
        send_before = time.monotonic() + self._nonce_is_safe - age
        attached = tuple(_attached(file) for file in message)
        await self._deliveries.commit_nonce(download, _ids(message), nonce.text)
        post = Post(
            text=caption(download, *which, mention=mention),
            files=attached,
            spoiler=download.options.get("spoiler") is True,
            nonce=nonce.text,
            send_before=send_before,
            mention=mention if which[0] == which[1] else None,
        )
        await self._record(download, message, await self._bot.send(place, post))

    async def _addressed(self, download: Download) -> tuple[Place, int | None]:
        """Where the files go, and who is pinged by them: as the one who asked wants it."""
        member = await self._queries.member_preferences(download.user_id)
        notify = member.notify or (await self._queries.guild_preferences(download.guild_id)).notify
        place = _place(download)
        if place.reply_to is None and download.thread_id is None and download.parent_id is not None:
            # An entry of a short list has no message of its own.
            parent = await self._queries.get(download.parent_id)
            if parent is not None and parent.channel_id == download.channel_id:
                place = replace(place, reply_to=parent.progress_message_id)
        if notify is Notify.NONE:  # the card is removed then
            place = replace(place, reply_to=None)
        return place, download.user_id if member.mention and download.parent_id is None else None

    async def _record(self, download: Download, message: Message, posted: Posted | None) -> None:
        message_id, urls = (DELETED, ()) if posted is None else (posted.message_id, posted.urls)
        by_file = {file.id: url for file, url in zip_longest(message, urls[: len(message)]) if file}
        await self._deliveries.record_message(download, message_id, by_file)

    # -- after a crash, or a send without an answer --------------------------------------------------------------

    async def _make_clear(self, download: Download, message: Message, nonce: DeliveryNonce) -> None:
        """Find the message that carries these files, or send it again where that can't make a second one."""
        log = logger.bind(download=download.id)
        age = 0.0  # where it is certain that nothing is there, any nonce begins anew
        try:
            found = await self._find(download, message, nonce)
        except DestinationForbidden:
            found, age = None, nonce.age
            if age >= self._nonce_is_safe:
                told = DeliveryUnclear.sentence
                if not await self._deliveries.was_told(download, told, since_epoch=nonce.epoch):
                    raise DeliveryUnclear from None
                log.info("sending again what may be there already, because a person asked for it")
                nonce, age = DeliveryNonce.new(download.epoch), 0.0
        if found is not None:
            log.info("was sent before")
            await self._record(download, message, found)
            return
        limits = await self._limits.known(download)
        if self._links is not None and len(message) == 1 and message[0].bytes > limits.file:
            await self._send_link(download, message[0], nonce, age=age)
            return
        rows = await self._rows(download)
        later = [file for file in rows.waiting() if file not in message]
        total = rows.messages + 1 + len(plan_messages(later, limits))
        try:
            await self._send(download, message, nonce, (rows.messages + 1, total), age=age)
        except FileTooLarge:
            await self._deliveries.forget_nonce(download, _ids(message))

    async def _find(self, download: Download, message: Message, nonce: DeliveryNonce) -> Posted | None:
        sizes = tuple(file.bytes for file in message)
        alike = []
        since = nonce.tried_at - CLOCKS_MAY_DIFFER
        async with aclosing(self._bot.own_messages(_place(download), since=since)) as messages:
            async for posted in messages:
                if posted.nonce == nonce.text:
                    return posted
                if posted.sizes == sizes and belongs_to(posted.text, download.id):
                    alike.append(posted)
        # Two messages of one download may look alike; one that is recorded is not the one that is missing.
        recorded = await self._deliveries.recorded_messages([posted.message_id for posted in alike])
        return next((posted for posted in alike if posted.message_id not in recorded), None)


def _perhaps_sent(files: Sequence[MediaFile]) -> list[tuple[DeliveryNonce, Message]]:
    groups: dict[DeliveryNonce, Message] = {}
    for file in files:
        nonce = DeliveryNonce.read(file.nonce)
        if nonce is not None and file.delivered_message_id is None:
            groups[nonce] = (*groups.get(nonce, ()), file)
    return list(groups.items())


def _attached(file: MediaFile) -> Attached:
    description = visible(file.description or "")[:MAX_DESCRIPTION] or None
    return Attached(path=checked(file), name=display_name(Path(file.path).name), description=description)


def _ids(message: Message) -> list[int]:
    return [file.id for file in message]


def _place(download: Download) -> Place:
    channel_id = download.thread_id or download.channel_id
    assert channel_id is not None, "the schema demands a channel of each row for Discord"
    reply_to = download.progress_message_id if channel_id == download.channel_id else None
    return Place(channel_id=channel_id, guild_id=download.guild_id, reply_to=reply_to)
