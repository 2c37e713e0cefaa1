"""What Discord refuses becomes one of our errors, with a sentence."""

import json
import math

import pytest

from core.errors import (
    DestinationBusy,
    DestinationForbidden,
    DestinationGone,
    DestinationUnavailable,
    SendFailed,
    UploadError,
)
from core.models import Status
from tests.support.discord_server import Channel, DiscordServer, Fault, Permission
from tests.upload_module.given import ONE, Stage, downloaded

MESSAGES = "/channels/*/messages"


async def test_a_channel_that_is_deleted_is_gone(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await channel.delete()
    with pytest.raises(DestinationGone):
        await stage.deliver(row)


@pytest.mark.parametrize("missing", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES, Permission.VIEW_CHANNEL])
async def test_a_missing_permission_is_final(stage: Stage, channel: Channel, missing: Permission) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await channel.forbid(missing)
    with pytest.raises(DestinationForbidden) as forbidden:
        await stage.deliver(row)
    assert not forbidden.value.transient
    assert (stage.download_dir / str(row) / "clip.mp4").exists()


async def test_a_refused_token_is_told_once_and_left_alone(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    await discord.revoke_token()
    for _ in range(3):
        row = await downloaded(stage.database, stage.download_dir, channel=channel)
        with pytest.raises(DestinationUnavailable, match="refuses the bot's token") as refused:
            await stage.deliver(row)
        assert refused.value.transient
        assert not refused.value.costs_attempt
        assert refused.value.retry_after
    assert len(discord.log) == 1


async def test_a_token_that_is_refused_in_the_middle_is_left_alone_too(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    await discord.revoke_token()
    before = len(discord.log)
    for _ in range(3):
        row = await downloaded(stage.database, stage.download_dir, channel=channel)
        with pytest.raises(DestinationUnavailable):
            await stage.deliver(row)
    assert len(discord.log) == before + 1


async def test_a_token_that_is_mended_delivers_what_waited(
    stage: Stage, channel: Channel, discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upload_module.silence.LOOK_AGAIN", 0.0)
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    token = discord.token
    await discord.revoke_token()
    with pytest.raises(DestinationUnavailable):
        await stage.deliver(row)
    discord.world.token = token
    await stage.crash()
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert [message.files for message in channel.messages] == [ONE]


async def test_a_bot_that_was_removed_from_the_server_is_told_as_such(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    assert channel.guild is not None
    await channel.guild.kick_bot()
    with pytest.raises((DestinationGone, DestinationForbidden)) as gone:
        await stage.deliver(row)
    assert not gone.value.transient


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_short_rate_limit_is_waited_out(
    stage: Stage, channel: Channel, discord: DiscordServer, scope: str
) -> None:
    discord.fail("POST", MESSAGES, Fault.rate_limit(0.2, scope=scope))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert [message.files for message in channel.messages] == [ONE]


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_long_rate_limit_goes_back_into_the_queue_and_costs_no_try(
    stage: Stage, channel: Channel, discord: DiscordServer, scope: str
) -> None:
    discord.fail("POST", MESSAGES, Fault.rate_limit(300, scope=scope))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(DestinationBusy) as limited:
        await stage.deliver(row)
    assert limited.value.retry_after == pytest.approx(300)
    assert not limited.value.costs_attempt


async def test_a_rate_limit_of_our_address_keeps_all_deliveries_back(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("POST", MESSAGES, Fault.rate_limit(300, via=False))
    for _ in range(3):
        row = await downloaded(stage.database, stage.download_dir, channel=channel)
        with pytest.raises(DestinationBusy) as limited:
            await stage.deliver(row)
        assert limited.value.retry_after == pytest.approx(300, abs=20)
    assert discord.invalid_requests == 1, "each further one counts towards a ban"


@pytest.mark.parametrize("fault", [Fault.status(503), Fault.status(503, after=True), Fault.reset()])
async def test_a_discord_that_is_down_costs_no_try(
    stage: Stage, channel: Channel, discord: DiscordServer, fault: Fault
) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    down = discord.fail("*", "/**", fault, times=math.inf)
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(DestinationBusy) as busy:
        await stage.deliver(row)
    assert not busy.value.costs_attempt
    down.cancel()
    await stage.crash()
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert [message.files for message in channel.messages] == [ONE, ONE]


async def test_files_that_discord_alone_does_not_take_cost_a_try(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("POST", MESSAGES, Fault.status(503))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(SendFailed) as failed:
        await stage.deliver(row)
    assert failed.value.costs_attempt


async def test_a_rate_limit_that_says_nothing_is_no_riddle(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("POST", MESSAGES, Fault.rate_limit(5, via=False, headers=False))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(SendFailed) as limited:
        await stage.deliver(row)
    assert limited.value.retry_after == 60


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(404), SendFailed),
        (Fault.status(400, json_body={"message": "Invalid Form Body", "code": 50035}), UploadError),
        (Fault.status(404, json_body={"message": "Unknown Guild", "code": 10004}), DestinationGone),
        (Fault.rate_limit(1, retry_after_in_body=False), DestinationBusy),
    ],
)
async def test_other_answers_become_errors_of_ours(
    stage: Stage, channel: Channel, discord: DiscordServer, fault: Fault, error: type[UploadError]
) -> None:
    discord.fail("POST", MESSAGES, fault)
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(error) as raised:
        await stage.deliver(row)
    assert type(raised.value) is error
    assert str(raised.value)


async def test_discord_that_can_not_be_reached_is_tried_again(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    login = discord.fail("GET", "/users/@me", Fault.reset(), times=4)
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    for _ in range(2):
        with pytest.raises(SendFailed, match="connection to Discord failed"):
            await stage.deliver(row)
        await stage.store.give_back("the test goes on", runners_gone=[stage.name])
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert login.struck == 4, "aiohttp tries a GET twice"


async def test_a_guild_that_does_not_tell_its_limit_gets_the_default(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    discord.fail("GET", "/guilds/*", Fault.status(403), times=1)
    for _ in range(2):
        await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    assert len(channel.messages) == 2
    assert len(discord.requests("GET", "/guilds/*")) <= 2


async def test_options_of_any_form_are_survived(stage: Stage, channel: Channel) -> None:
    options = json.dumps({"spoiler": "yes", "to": 7})
    row = await downloaded(stage.database, stage.download_dir, channel=channel, options=options)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert not channel.messages[0].attachments[0].is_spoiler
