"""Whether a message that a download was answered with is still there."""

from dataclasses import dataclass

import pytest
from sqlalchemy import insert, select

from core.database import Database
from core.earlier import Earlier
from core.errors import BossBotError, DestinationForbidden
from core.models import UPLOAD_STAGE, SameBy, Status
from core.tables import media_files
from tests.core import given
from tests.support.discord_server import Channel, DiscordServer, Fault
from upload_module.earlier_posts import EarlierPosts
from upload_module.posts import Place
from upload_module.uploader_bot import UploaderBot

HERE = {"guild_id": 5, "channel_id": 6, "destination": "discord", "user_id": 7}
LINK = "https://discord.com/channels/5/6/99"


@dataclass(frozen=True, slots=True)
class Discord:
    """What Discord says of every message."""

    says: bool | BossBotError

    async def is_there(self, place: Place, message_id: int) -> bool:
        assert (place.channel_id, message_id) == (6, 99)
        if isinstance(self.says, BossBotError):
            raise self.says
        return self.says


@pytest.mark.parametrize(
    ("says", "status", "same", "message"),
    [
        (True, Status.UPLOADED, None, 99),
        (False, Status.PENDING, (None, None), 0),
        (DestinationForbidden(), Status.PENDING, (1, None), 99),  # fetched, and the message is not forgotten
    ],
)
async def test_only_a_deleted_message_is_forgotten(
    database: Database,
    says: bool | BossBotError,
    status: Status,
    same: tuple[int | None, None] | None,
    message: int,
) -> None:
    earlier = await given.row(database, **HERE, status="uploaded")
    file = {"download_id": earlier, "position": 0, "path": "/a.mp4", "kind": "video", "bytes": 3}
    await database.write(lambda to: to.execute(insert(media_files).values(**file, delivered_message_id=99)))
    await given.row(database, **HERE, status="downloaded", same_as=earlier, same_by=SameBy.LINK, same_url=LINK)
    claim = await given.claimed(given.runner(database, stage=UPLOAD_STAGE))
    settlement = await EarlierPosts(Discord(says), Earlier(database)).settle(claim)
    assert settlement.status is status
    if same is not None:
        assert (settlement.values["same_as"], settlement.values["same_by"]) == same
    told = select(media_files.c.delivered_message_id)
    assert (await database.read(lambda of: of.execute(told))).scalar_one() == message


async def test_what_can_not_be_read_is_not_taken_for_deleted(channel: Channel, discord: DiscordServer) -> None:
    bot = UploaderBot(discord.token, api_base=discord.api_base)
    place = Place(channel_id=channel.id, guild_id=None, reply_to=None)
    assert not await bot.is_there(place, 99)
    discord.fail("GET", "/channels/*/messages/*", Fault.status(403), times=1)
    with pytest.raises(DestinationForbidden):
        await bot.is_there(place, 99)
    await bot.close()
