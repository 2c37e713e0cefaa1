"""A small bot that does with Discord what Boss-Bot does, and clients without manners."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.support.discord_server import Channel as ShownChannel
from tests.support.discord_server import (
    DiscordServer,
    Interaction,
    Member,
)

SMALL_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(custom_id: str, label: str = "x") -> dict[str, Any]:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": label}


class Preferences(discord.ui.Modal, title="Preferences"):
    note: discord.ui.Label["Preferences"] = discord.ui.Label(text="Note", component=discord.ui.TextInput())
    where: discord.ui.Label["Preferences"] = discord.ui.Label(text="Where", component=discord.ui.ChannelSelect())
    size: discord.ui.Label["Preferences"] = discord.ui.Label(
        text="Size", component=discord.ui.Select(options=[discord.SelectOption(label="Big", value="xl")])
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        note, where, size = self.note.component, self.where.component, self.size.component
        assert isinstance(note, discord.ui.TextInput)
        assert isinstance(where, discord.ui.ChannelSelect)
        assert isinstance(size, discord.ui.Select)
        await interaction.response.send_message(f"{note.value} {where.values[0].name} {size.values[0]}")


class AskName(discord.ui.Modal, title="Rename"):
    name: discord.ui.TextInput["AskName"] = discord.ui.TextInput(label="New name", max_length=20)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"renamed to {self.name.value}")


class Card(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Cancel", custom_id="card:cancel")
    async def cancel(self, interaction: discord.Interaction, button: discord.ui.Button["Card"]) -> None:
        await interaction.response.edit_message(content=f"cancelled by {interaction.user.name}", view=None)

    @discord.ui.button(label="Later", custom_id="card:later")
    async def later(self, interaction: discord.Interaction, button: discord.ui.Button["Card"]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later then")

    @discord.ui.button(label="Rename", custom_id="card:rename")
    async def rename(self, interaction: discord.Interaction, button: discord.ui.Button["Card"]) -> None:
        await interaction.response.send_modal(AskName())

    @discord.ui.select(
        custom_id="card:quality",
        options=[discord.SelectOption(label="High", value="1080"), discord.SelectOption(label="Low", value="360")],
    )
    async def quality(self, interaction: discord.Interaction, select: discord.ui.Select["Card"]) -> None:
        await interaction.response.send_message(f"quality {select.values[0]}", ephemeral=True)


class MediaBot(commands.Bot):
    """A small bot that does what Boss-Bot does with Discord."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__("$", intents=intents, guild_ready_timeout=0.1, help_command=None)
        self.resumes = 0
        self.heard: list[str] = []
        _add_commands(self)
        _add_questions(self)

    async def setup_hook(self) -> None:
        self.add_view(Card())
        await self.tree.sync()

    async def on_resumed(self) -> None:
        self.resumes += 1

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.content)
        await self.process_commands(message)


def _add_commands(bot: MediaBot) -> None:
    @bot.hybrid_command(description="Answers")
    async def ping(ctx: commands.Context[Any]) -> None:
        await (ctx.send("pong") if ctx.interaction else ctx.reply("pong"))

    @bot.hybrid_command(description="Downloads")  # type: ignore[arg-type] # its types do not know Literal
    async def download(ctx: commands.Context[Any], url: str, quality: Literal["best", "small"] = "best") -> None:
        await ctx.defer()
        message = await ctx.send(f"{quality} of {url}", view=Card())
        await message.edit(content=f"done {url}")

    @bot.tree.command(description="Cancels")
    async def cancel(interaction: discord.Interaction, row: str) -> None:
        await interaction.response.send_message(f"cancelled {row}", ephemeral=True)
        await interaction.followup.send("really", ephemeral=True)

    @cancel.autocomplete("row")
    async def suggest(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"#{n}", value=str(n)) for n in (7, 71, 8) if str(n).startswith(typed)]

    @bot.tree.command(description="Converts")
    async def convert(interaction: discord.Interaction, file: discord.Attachment, to: discord.Member) -> None:
        data = await file.read()
        await interaction.response.send_message(
            f"{len(data)} bytes for {to.name}, limit {interaction.filesize_limit}",
            file=discord.File(stream(data[::-1]), filename="turned.bin"),
        )

    @bot.tree.command(description="For admins")
    @app_commands.default_permissions(manage_guild=True)
    async def purge(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("purged")

    @bot.tree.context_menu(name="Download media")
    async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"found {message.content}")

    queue = app_commands.Group(name="queue", description="The queue")

    @queue.command(name="list", description="Lists it")
    async def list_queue(interaction: discord.Interaction, page: app_commands.Range[int, 1, 9] = 1) -> None:
        await interaction.response.send_message(embed=discord.Embed(title=f"Page {page}"))

    bot.tree.add_command(queue)


def _add_questions(bot: MediaBot) -> None:
    @bot.tree.command(description="Asks for preferences")
    async def preferences(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Preferences())

    @bot.tree.command(description="Says, changes and takes back")
    async def fickle(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("first")
        await (await interaction.original_response()).edit(content="second")
        said = await interaction.followup.send("also", wait=True)
        await said.edit(content="also this")
        await interaction.delete_original_response()


def stream(data: bytes) -> Any:
    return io.BytesIO(data)


@asynccontextmanager
async def running_bot(server: DiscordServer) -> AsyncIterator[MediaBot]:
    async with MediaBot() as bot:
        task = asyncio.create_task(bot.start(server.token))
        await server.wait_until_ready()
        await bot.wait_until_ready()
        yield bot
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


def callbacks(server: DiscordServer) -> list[int | None]:
    return [one.status for one in server.requests("POST", "/interactions/**")]


async def refusal(request: Any) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as refused:
        await request
    return refused.value.status, refused.value.code


async def post(server: DiscordServer, channel: ShownChannel, body: Any) -> tuple[int, int]:
    """Posts as a client without manners would: no discord.py in between."""
    headers = {"Authorization": f"Bot {server.token}"}
    kind = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{server.api_base}/channels/{channel.id}/messages"
        async with session.post(url, **kind) as answer:
            return answer.status, json_of(await answer.read()).get("code", 0)


def json_of(body: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body or b"{}")
    return read


async def asked_by_hand(
    server: DiscordServer, channel: ShownChannel, member: Member, **more: Any
) -> tuple[Interaction, Any]:
    """An interaction, and a way to answer it by hand."""
    server.world.commands.overwrite(None, [{"name": "ask", "description": "Asks"} | more])
    interaction = await member.use(channel, "ask")
    paths = {
        "callback": f"/interactions/{interaction.id}/{interaction.token}/callback",
        "followup": f"/webhooks/{server.world.application_id}/{interaction.token}",
    }

    async def say(where: str, body: Any) -> int:
        kind = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        url = server.api_base + paths[where]
        async with aiohttp.ClientSession() as session, session.post(url, **kind) as answer:
            return answer.status

    return interaction, say
