"""How long the uploader waits for Discord."""

import pytest

from core.errors import SendFailed
from core.models import Status
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.upload_module.given import ONE, Stage, downloaded

MESSAGES = "/channels/*/messages"


async def test_a_request_has_the_more_time_the_more_it_carries(
    stage: Stage, channel: Channel, discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    monkeypatch.setattr("upload_module.uploader_bot.REQUEST_TIMEOUT", 0.5)
    monkeypatch.setattr("upload_module.uploader_bot.SLOWEST", 1000)
    discord.fail("POST", MESSAGES, Fault.slow(2), times=2)
    large = await downloaded(stage.database, stage.download_dir, {"large.bin": bytes(100_000)}, channel=channel)
    assert (await stage.deliver(large)).status is Status.UPLOADED
    small = await downloaded(stage.database, stage.download_dir, ONE, channel=channel)
    with pytest.raises(SendFailed):
        await stage.deliver(small)
