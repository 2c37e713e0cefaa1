"""A server, a guild with a channel and a member, and clients."""

from collections.abc import AsyncIterator

import discord
import pytest
import yarl

from tests.support.discord_server import Channel as ShownChannel
from tests.support.discord_server import (
    DiscordServer,
    Guild,
    Member,
)
from tests.support_tests.discord_server.bots import MediaBot, running_bot


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as running:
        monkeypatch.setattr(discord.http.Route, "BASE", running.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(running.gateway_url))
        monkeypatch.setattr(discord.asset.Asset, "BASE", running.cdn_base)
        yield running


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.add_guild("Media lovers")


@pytest.fixture
def channel(guild: Guild) -> ShownChannel:
    return guild.add_text_channel("media")


@pytest.fixture
def alice(guild: Guild) -> Member:
    return guild.add_member("alice")


@pytest.fixture
async def bot(server: DiscordServer, channel: ShownChannel, alice: Member) -> AsyncIterator[MediaBot]:
    async with running_bot(server) as bot:
        yield bot


@pytest.fixture
async def rest(server: DiscordServer) -> AsyncIterator[discord.Client]:
    """A client without a gateway, as the upload runner uses it."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(server.token)
        yield client
