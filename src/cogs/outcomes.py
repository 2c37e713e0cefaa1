"""Pings the one who asked when his download is over, if he wants that. An edit pings nobody, so it takes a message.

Where files are delivered, the message with the files does it; see `upload_module/captions.py`.
"""

import discord
from loguru import logger

from cogs.cards import ICONS
from cogs.due import Due
from cogs.faces import Taste
from cogs.names import name
from core.models import Status

TOLD = (Status.FAILED, Status.CANCELLED, Status.DOWNLOADED)


class Outcomes:
    """Tells members how their downloads ended."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def tell(self, one: Due, taste: Taste) -> None:
        """Mention the one who asked, once, when it is over and nothing else told him."""
        row = one.download
        if not (taste.mention and one.is_over and row.status in TOLD and row.parent_id is None and row.user_id):
            return
        if row.progress_message_status is one.status or row.progress_message_id is None or row.channel_id is None:
            return
        place = self._client.get_partial_messageable(row.channel_id, guild_id=row.guild_id)
        card = place.get_partial_message(row.progress_message_id)
        said = {
            Status.FAILED: taste.t("{name} failed.", name=name(row)),
            Status.CANCELLED: taste.t("{name} was cancelled.", name=name(row)),
        }.get(row.status, taste.t("{name} is done.", name=name(row)))
        sign = ICONS[Status.UPLOADED if row.status is Status.DOWNLOADED else row.status]
        try:
            await place.send(
                f"{sign} <@{row.user_id}> {said}",
                reference=card.to_reference(fail_if_not_exists=False),
                allowed_mentions=discord.AllowedMentions(users=[discord.Object(row.user_id)]),
                nonce=f"over{row.id}.{row.epoch}",  # after a death before this is recorded it is the same message
            )
        except discord.HTTPException as error:
            logger.bind(download=row.id).warning("could not mention the member: {!r}", error)
