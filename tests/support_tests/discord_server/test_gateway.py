"""Sessions, their ends and their resumption; bots as processes of their own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest

from tests.support.discord_server import Channel as ShownChannel
from tests.support.discord_server import (
    CloseCode,
    DiscordServer,
    Guild,
    Member,
)
from tests.support_tests.discord_server.bots import (
    MediaBot,
    running_bot,
)

BOT_IN_ITS_OWN_PROCESS = """
import os, warnings
warnings.simplefilter("ignore")
import discord, yarl
discord.http.Route.BASE = os.environ["DISCORD_API_BASE"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
client = discord.Client(intents=discord.Intents(guilds=True, guild_messages=True, message_content=True))

@client.event
async def on_message(message):
    if message.content == "ping":
        await message.reply("pong")

client.run(os.environ["BOSS_BOT_DISCORD_TOKEN"], log_handler=None)
"""


@asynccontextmanager
async def bot_process(server: DiscordServer) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT_IN_ITS_OWN_PROCESS, env={**os.environ, **server.environment}
    )
    try:
        await server.wait_until_ready(commands=False)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await server.wait_until_disconnected()


async def test_a_killed_bot_is_missed_and_its_successor_answers(
    server: DiscordServer, channel: ShownChannel, alice: Member
) -> None:
    async with bot_process(server) as first:
        await alice.write(channel, "ping")
        await channel.wait_for(lambda one: one.content == "pong")
        first.kill()
        await server.wait_until_disconnected()
    await alice.write(channel, "ping")
    async with bot_process(server):
        asked = await alice.write(channel, "ping")
        answer = await channel.wait_for(lambda one: one.content == "pong" and one.reference is asked)
    assert channel.messages[-1] is answer
    assert server.identifies == 2


async def test_the_server_can_be_tried_by_hand() -> None:
    command = (sys.executable, "-m", "tests.support.discord_server")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    exported = [(await process.stdout.readline()).decode() for _ in range(4)]
    values = dict(one.removeprefix("export ").strip().split("=", 1) for one in exported)
    headers = {"Authorization": f"Bot {values['BOSS_BOT_DISCORD_TOKEN']}"}
    url = f"{values['DISCORD_API_BASE']}/channels/{values['CHANNEL_ID']}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        await session.post(url, json={"content": "hello"})
    assert b"hello" in await process.stdout.readline()
    process.terminate()
    await process.wait()


@pytest.mark.parametrize("end", ["close", "drop", "reconnect"])
async def test_what_was_missed_is_told_after_a_resumption(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member, end: str
) -> None:
    match end:
        case "close":
            await server.close_gateway(CloseCode.UNKNOWN_ERROR)
        case "drop":
            await server.drop_gateway()
        case _:
            await server.ask_to_reconnect()
    await alice.write(channel, "$ping")
    await channel.wait_for(lambda one: one.content == "pong")
    assert server.identifies == 1
    assert bot.heard.count("$ping") == 1
    assert server.requests("GET", "/gateway/resume")


async def test_a_forgotten_session_identifies_anew(server: DiscordServer, bot: MediaBot) -> None:
    await server.forget_sessions()
    await server.wait_until(lambda: server.identifies == 2, timeout=20)
    await server.wait_until_ready()


async def test_a_refused_gateway_is_tried_again(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
) -> None:
    server.refuse_gateway(0.2)
    await server.close_gateway()
    await alice.write(channel, "$ping")
    await channel.wait_for(lambda one: one.content == "pong", timeout=20)
    assert 503 in {one.status for one in server.requests("GET", "/gateway**")}


async def test_privileged_intents_must_be_granted(server: DiscordServer) -> None:
    server.settings.privileged_intents_are_granted = False
    async with MediaBot() as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(server.token)


@pytest.mark.parametrize(("code", "kept"), [(1000, 0), (4000, 1)])
async def test_only_a_goodbye_ends_the_session(server: DiscordServer, code: int, kept: int) -> None:
    identify = {"op": 2, "d": {"token": server.token, "intents": 1, "properties": {}}}
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as gateway:
        await gateway.send_json(identify)
        await server.wait_until_ready(commands=False)
        await gateway.close(code=code)
    await server.wait_until_disconnected()
    assert len(server.world.gateway.sessions) == kept


async def test_heartbeats_are_acknowledged(server: DiscordServer, channel: ShownChannel, alice: Member) -> None:
    server.settings.heartbeat_interval = 0.05
    async with running_bot(server) as bot:
        await server.wait_until(lambda: bot.latency < 5)


async def test_members_are_given_on_request(bot: MediaBot, guild: Guild, alice: Member) -> None:
    known = bot.get_guild(guild.id)
    assert known is not None
    assert [one.name for one in await known.query_members("ali")] == ["alice"]


async def test_new_places_and_departures_are_told(
    server: DiscordServer, bot: MediaBot, guild: Guild, channel: ShownChannel
) -> None:
    joined = asyncio.ensure_future(bot.wait_for("guild_join", timeout=5))
    removed = asyncio.ensure_future(bot.wait_for("guild_remove", timeout=5))
    deleted = asyncio.ensure_future(bot.wait_for("guild_channel_delete", timeout=5))
    await asyncio.sleep(0)
    server.add_guild("Another")
    await channel.delete()
    await guild.kick_bot()
    assert (await joined).name == "Another"
    assert (await deleted).id == channel.id
    assert (await removed).id == guild.id
