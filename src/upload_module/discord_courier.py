"""Delivers to a Discord channel, each file in exactly one message, whatever dies in between.

The nonce of a message is committed before it is sent. Afterwards the files of a download are of three kinds: with a
message (done), with a nonce alone (perhaps sent: looked for, and sent again under the same nonce, which Discord
recognizes for some minutes), and with neither (not sent). A file that was made of another one to fit is a file like
any other here.
"""

import time
from collections.abc import Sequence
from contextlib import aclosing
from itertools import zip_longest
from pathlib import Path

from loguru import logger

from core.deliveries import Deliveries
from core.errors import DeliveryUnclear, DestinationForbidden, FileTooLarge
from core.models import Download, MediaFile
from core.queries import Queries
from upload_module.captions import belongs_to, caption
from upload_module.courier import Tell
from upload_module.deliverables import Deliverables
from upload_module.delivery_nonce import DeliveryNonce
from upload_module.display_names import display_name, visible
from upload_module.finished_files import checked
from upload_module.posts import Attached, Place, Post, Posted
from upload_module.preparation import Preparation
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits, plan_messages, too_large
from upload_module.uploader_bot import UploaderBot

NONCE_IS_SAFE = 90.0  # seconds; Discord says "the past few minutes", and the upload itself takes its time
CLOCKS_MAY_DIFFER = 7200.0  # seconds
MAX_DESCRIPTION = 1024  # characters of an alt text; Discord's
DELETED = 0  # the message's id when its nonce proves that it was there, and somebody deleted it

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
        nonce_is_safe: float = NONCE_IS_SAFE,
    ) -> None:
        self._bot = bot
        self._deliveries = deliveries
        self._queries = queries
        self._limits = limits
        self._preparation = preparation
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
                await self._refuse_the_rest(download, limits)
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
            text = caption(download, number, total)
            try:
                await self._send(download, message, DeliveryNonce.new(download.epoch), text)
            except FileTooLarge:
                await self._deliveries.forget_nonce(download, _ids(message))
                return await self._limits.lowered(download, message, limits)
        return None

    async def _refuse_the_rest(self, download: Download, limits: Limits) -> None:
        """Say which files were not delivered, if there are any."""
        rows = await self._rows(download)
        undelivered = [file for file in rows.sources if file.delivered_message_id is None]
        if undelivered:
            raise too_large(undelivered, limits, total=len(rows.sources))

    async def _rows(self, download: Download) -> Deliverables:
        return Deliverables(await self._queries.all_files(download.id))

    async def _send(
        self, download: Download, message: Message, nonce: DeliveryNonce, text: str, *, age: float = 0.0
    ) -> None:
        send_before = time.monotonic() + self._nonce_is_safe - age
        attached = tuple(_attached(file) for file in message)
        await self._deliveries.commit_nonce(download, _ids(message), nonce.text)
        post = Post(
            text=text,
            files=attached,
            spoiler=download.options.get("spoiler") is True,
            nonce=nonce.text,
            send_before=send_before,
        )
        await self._record(download, message, await self._bot.send(_place(download), post))

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
        rows = await self._rows(download)
        later = [file for file in rows.waiting() if file not in message]
        total = rows.messages + 1 + len(plan_messages(later, await self._limits.known(download)))
        try:
            await self._send(download, message, nonce, caption(download, rows.messages + 1, total), age=age)
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
    assert download.channel_id is not None, "the schema demands a channel of each row for Discord"
    return Place(channel_id=download.channel_id, guild_id=download.guild_id, reply_to=download.progress_message_id)
