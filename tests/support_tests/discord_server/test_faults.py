"""Trouble on demand, as real discord.py meets it."""

import asyncio
import math

import aiohttp
import discord
import pytest

from tests.support.discord_server import (
    MIB,
    DiscordServer,
    Fault,
    Member,
)
from tests.support.discord_server import Channel as ShownChannel
from tests.support_tests.discord_server.bots import (
    MediaBot,
    post,
    refusal,
    stream,
)


async def test_a_rate_limit_is_waited_out(server: DiscordServer, rest: discord.Client, channel: ShownChannel) -> None:
    server.fail("POST", "/channels/*/messages", Fault.rate_limit(0.05), times=2)
    await rest.get_partial_messageable(channel.id).send("x")
    assert [one.status for one in server.requests("POST", "/channels/*/messages")] == [429, 429, 200]
    assert len(channel.messages) == 1


async def test_a_global_rate_limit_without_headers_is_waited_out_too(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.fail("POST", "/channels/**", Fault.rate_limit(0.05, scope="global", headers=False))
    await rest.get_partial_messageable(channel.id).send("x")
    assert len(channel.messages) == 1


async def test_a_wait_that_is_too_long_is_raised(server: DiscordServer, channel: ShownChannel) -> None:
    server.fail("POST", "/channels/**", Fault.rate_limit(600))
    intents = discord.Intents.none()
    async with discord.Client(intents=intents, max_ratelimit_timeout=30) as client:
        await client.login(server.token)
        with pytest.raises(discord.RateLimited) as limited:
            await client.get_partial_messageable(channel.id).send("x")
    assert limited.value.retry_after == 600


async def test_a_request_over_the_request_limit_is_refused(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.settings.request_limit = 1500
    target = rest.get_partial_messageable(channel.id)
    files = [discord.File(stream(bytes(800)), name) for name in ("a", "b")]
    assert await refusal(target.send(files=files)) == (413, 40005)


async def test_a_failure_of_the_server_itself_is_not_mistaken_for_discords() -> None:
    broken = DiscordServer()
    await broken.__aenter__()
    channel = broken.add_guild("g").add_text_channel("c")
    await post(broken, channel, {"content": 5})
    with pytest.raises(ExceptionGroup, match="failed itself"):
        await broken.__aexit__(None, None, None)


@pytest.mark.parametrize("fault", [Fault.rate_limit(0.05, via=False), Fault.status(429, text="banned")])
async def test_cloudflares_ban_is_raised_at_once(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel, fault: Fault
) -> None:
    server.fail("POST", "/channels/*/messages", fault)
    assert (await refusal(rest.get_partial_messageable(channel.id).send("x")))[0] == 429


async def test_a_bucket_is_respected_by_discord_py(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.limit_rate("POST", "/channels/*/messages", 2, per=0.3)
    target = rest.get_partial_messageable(channel.id)
    for _ in range(4):
        await target.send("x")
    assert {one.status for one in server.requests("POST", "/channels/*/messages")} == {200}


async def test_a_bucket_refuses_who_does_not_respect_it(server: DiscordServer, channel: ShownChannel) -> None:
    server.limit_rate("POST", "/channels/*/messages", 1, per=60)
    assert (await post(server, channel, {"content": "x"}))[0] == 200
    assert (await post(server, channel, {"content": "x"}))[0] == 429


async def test_an_error_after_the_work_leaves_the_message_and_the_nonce_finds_it(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    planned = server.fail("POST", "/channels/*/messages", Fault.status(503, after=True))
    target = rest.get_partial_messageable(channel.id)
    assert (await refusal(target.send("x", nonce="7")))[0] == 503
    assert (await target.send("x", nonce="7")).id == channel.messages[0].id
    assert (len(channel.messages), planned.struck) == (1, 1)


async def test_an_error_before_the_work_leaves_nothing(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.fail("POST", "/channels/*/messages", Fault.status(503))
    assert (await refusal(rest.get_partial_messageable(channel.id).send("x")))[0] == 503
    assert channel.messages == []


@pytest.mark.parametrize(
    ("fault", "posted"),
    [(Fault.reset(), 0), (Fault.reset(body_read=True), 0), (Fault.reset(after=True), 1)],
    ids=["at the headers", "after the body", "after the work"],
)
async def test_a_reset_connection_tells_nothing_about_the_work(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel, fault: Fault, posted: int
) -> None:
    server.fail("POST", "/channels/*/messages", fault)
    target = rest.get_partial_messageable(channel.id)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await target.send(file=discord.File(stream(bytes(2 * MIB)), "big"))
    assert len(channel.messages) == posted
    assert server.requests("POST", "/channels/*/messages")[0].status is None


async def test_a_slow_answer_can_be_given_up(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.fail("POST", "/channels/*/messages", Fault.slow(0.3, after=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(rest.get_partial_messageable(channel.id).send("x"), 0.1)
    assert len(channel.messages) == 1


async def test_a_fault_can_wait_and_be_for_good(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.fail("*", "/channels/**", Fault.unauthorized(), times=math.inf, skip=1)
    target = rest.get_partial_messageable(channel.id)
    await target.send("x")
    for _ in range(2):
        assert (await refusal(target.send("x")))[0] == 401
    server.faults.clear()
    await target.send("x")


async def test_a_revoked_token_ends_the_bot(server: DiscordServer, channel: ShownChannel, alice: Member) -> None:
    async with MediaBot() as bot:
        task = asyncio.create_task(bot.start(server.token))
        await server.wait_until_ready()
        await server.revoke_token()
        with pytest.raises(discord.ConnectionClosed) as closed:
            await task
    assert closed.value.code == 4004
