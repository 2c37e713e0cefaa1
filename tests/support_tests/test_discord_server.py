"""The Discord of the tests, proved with real discord.py clients."""

import asyncio
import io
import json
import math
import os
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
import pytest
import yarl

from tests.support.discord_server import (
    MIB,
    AnswerKind,
    CloseCode,
    DiscordServer,
    Fault,
    Flag,
    Guild,
    Interaction,
    Member,
    Permission,
    Upload,
)
from tests.support.discord_server import Channel as ShownChannel

with warnings.catch_warnings():
    # discord.py 2.7.1 imports audioop, which Python 3.11 and 3.12 deprecate.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands
    from discord.ext import commands

SMALL_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def _row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def _button(custom_id: str, label: str = "x") -> dict[str, Any]:
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
            file=discord.File(_stream(data[::-1]), filename="turned.bin"),
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


def _stream(data: bytes) -> Any:
    return io.BytesIO(data)


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


@asynccontextmanager
async def running_bot(server: DiscordServer) -> AsyncIterator[MediaBot]:
    async with MediaBot() as bot:
        task = asyncio.create_task(bot.start(server.token))
        await server.wait_until_ready()
        await bot.wait_until_ready()
        yield bot
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


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


class TestMembersAndTheBot:
    async def test_a_prefix_command_is_answered_with_a_reply(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        message = await alice.write(channel, "$ping")
        answer = await channel.wait_for(lambda one: one.content == "pong")
        assert answer.reference is message

    async def test_a_slash_command_is_deferred_then_edited(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        interaction = await alice.use(channel, "download", url="http://cat.gif", quality="small")
        answer = await interaction.answer()
        assert answer.kind is AnswerKind.DEFERRED
        message = await channel.wait_for(lambda one: one.content == "done http://cat.gif")
        assert [message] == channel.messages == interaction.messages
        assert message.edits == 1

    async def test_buttons_change_the_message_that_carries_them(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        await alice.use(channel, "download", url="u")
        message = await channel.wait_for(lambda one: one.content == "done u")
        later = await alice.press(message, label="Later")
        assert (await later.answer()).kind is AnswerKind.DEFERRED_UPDATE
        await channel.wait_for(lambda one: one.content == "later then")
        cancel = await alice.press(message, custom_id="card:cancel")
        assert (await cancel.answer()).message is message
        assert (message.content, message.components) == ("cancelled by alice", [])
        with pytest.raises(LookupError):
            await alice.press(message, label="Cancel")

    async def test_a_select_is_answered_for_one_member_only(
        self, bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
    ) -> None:
        await alice.use(channel, "download", url="u")
        message = await channel.wait_for(lambda one: one.content == "done u")
        chosen = await alice.select(message, "Low")
        answer = await chosen.answer()
        assert answer.content == "quality 360"
        assert answer.message in channel.messages_for(alice)
        assert answer.message not in channel.messages
        assert answer.message not in channel.messages_for(guild.add_member("bob"))

    async def test_a_button_opens_a_modal_that_is_filled_in(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        await alice.use(channel, "download", url="u")
        message = await channel.wait_for(lambda one: one.content == "done u")
        asked = await alice.press(message, label="Rename")
        assert (await asked.answer()).modal["title"] == "Rename"
        submitted = await alice.submit_modal(asked, {"New name": "cat"})
        assert (await submitted.answer()).content == "renamed to cat"

    async def test_a_modal_may_hold_labels_and_selects(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        asked = await alice.use(channel, "preferences")
        await asked.answer()
        filled = {"Note": "to", "Where": [channel], "Size": "Big"}
        submitted = await alice.submit_modal(asked, filled)
        assert (await submitted.answer()).content == "to media xl"
        with pytest.raises(LookupError):
            await alice.submit_modal(asked, filled | {"Nothing": "x"})

    async def test_answers_are_changed_and_taken_back(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        interaction = await alice.use(channel, "fickle")
        await channel.wait_until(lambda shown: [one.content for one in shown.messages] == ["also this"])
        assert [one.edits for one in interaction.messages] == [1]

    async def test_commands_of_a_guild_are_its_own(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
    ) -> None:
        other = server.add_guild("Another")

        @bot.tree.command(name="here", description="Only here", guild=discord.Object(guild.id))
        async def here(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("here")

        [synced] = await bot.tree.sync(guild=discord.Object(guild.id))
        assert (await (await alice.use(channel, "here")).answer()).content == "here"
        with pytest.raises(LookupError):
            await other.add_member("bob").use(other.add_text_channel("c"), "here")
        assert [one.id for one in await bot.tree.fetch_commands(guild=discord.Object(guild.id))] == [synced.id]
        await synced.edit(description="Right here")
        await (await bot.tree.fetch_command(synced.id, guild=discord.Object(guild.id))).delete()
        assert server.command_names(guild) == []

    async def test_an_option_is_completed_while_typing(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        suggestions = await alice.autocomplete(channel, "cancel", "row", "7")
        assert [one["value"] for one in suggestions] == ["7", "71"]

    async def test_a_follow_up_is_ephemeral_too(self, bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
        interaction = await alice.use(channel, "cancel", row="7")
        await channel.wait_for(lambda one: one.content == "really")
        assert [one.content for one in interaction.messages] == ["cancelled 7", "really"]
        assert channel.messages == []

    async def test_files_and_members_travel_as_options(
        self, bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
    ) -> None:
        bob = guild.add_member("bob")
        interaction = await alice.use(channel, "convert", file=Upload("a.bin", b"abc"), to=bob)
        message = await interaction.reply()
        assert message.content == f"3 bytes for bob, limit {20 * MIB}"
        assert message.files == {"turned.bin": b"cba"}

    async def test_subcommands_and_context_menus_are_found(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        listed = await alice.use(channel, "queue list", page=3)
        assert (await listed.reply()).embeds[0]["title"] == "Page 3"
        message = await alice.write(channel, "look: http://cat.gif")
        found = await alice.use_on(message, "Download media")
        assert (await found.reply()).content == "found look: http://cat.gif"

    @pytest.mark.parametrize(
        ("command", "options", "error"),
        [
            ("nothing", {}, LookupError),
            ("queue nothing", {}, LookupError),
            ("download", {}, ValueError),
            ("download", {"url": "u", "quality": "worst"}, ValueError),
            ("download", {"uri": "u"}, LookupError),
            ("download", {"url": 5}, ValueError),
            ("queue list", {"page": 10}, ValueError),
            ("purge", {}, PermissionError),
        ],
    )
    async def test_a_member_cannot_send_what_discords_client_would_not(
        self,
        bot: MediaBot,
        channel: ShownChannel,
        alice: Member,
        command: str,
        options: dict[str, Any],
        error: type[Exception],
    ) -> None:
        with pytest.raises(error):
            await alice.use(channel, command, **options)

    async def test_an_admin_may_use_what_others_do_not_see(
        self, bot: MediaBot, channel: ShownChannel, guild: Guild
    ) -> None:
        purged = await guild.add_admin("root").use(channel, "purge")
        assert (await purged.answer()).content == "purged"

    async def test_direct_messages_reach_the_bot(self, bot: MediaBot, alice: Member) -> None:
        await alice.write(alice.dm, "$ping")
        await alice.dm.wait_for(lambda one: one.content == "pong")
        user = await bot.fetch_user(alice.id)
        alice.user.accepts_dms = False
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("hello")
        assert refused.value.code == 50007

    async def test_a_slash_command_works_in_direct_messages(self, bot: MediaBot, alice: Member) -> None:
        interaction = await alice.use(alice.dm, "queue list")
        assert (await interaction.reply()) in alice.dm.messages

    async def test_a_bot_without_the_intent_reads_only_what_mentions_it(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
    ) -> None:
        heard: list[str] = []
        client = discord.Client(intents=discord.Intents.default(), guild_ready_timeout=0.1)

        @client.event
        async def on_message(message: discord.Message) -> None:
            heard.append(message.content)

        async with client:
            task = asyncio.create_task(client.start(server.token))
            await server.wait_until_ready(commands=False)
            await alice.write(channel, "secret")
            seen = asyncio.ensure_future(client.wait_for("message", check=lambda one: one.content, timeout=5))
            await asyncio.sleep(0)
            await alice.write(channel, f"{server.bot.mention} hello")
            await seen
            await client.close()
            await asyncio.gather(task, return_exceptions=True)
        assert heard == ["", f"{server.bot.mention} hello"]

    async def test_edits_reactions_and_threads_are_told_and_taken(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        told = asyncio.ensure_future(bot.wait_for("raw_reaction_add", timeout=5))
        message = await alice.write(channel, "look")
        await alice.react(message, "👍")
        assert (await told).user_id == alice.id
        edited = asyncio.ensure_future(bot.wait_for("raw_message_edit", timeout=5))
        await asyncio.sleep(0)
        await alice.edit(message, "look here")
        assert (await edited).message.content == "look here"
        place = bot.get_channel(channel.id)
        assert isinstance(place, discord.TextChannel)
        seen = await place.fetch_message(message.id)
        await seen.add_reaction("⏳")
        thread = await seen.create_thread(name="details")
        await thread.send("in here")
        assert set(message.reactions) == {"👍", "⏳"}
        assert message.thread is not None
        assert [one.content for one in message.thread.messages] == ["in here"]

    async def test_a_layout_with_files_shows_its_buttons(
        self, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        layout = discord.ui.LayoutView(timeout=None)
        pressed = discord.ui.Button[discord.ui.LayoutView](label="Again", custom_id="again")
        gallery = discord.ui.MediaGallery[discord.ui.LayoutView]()
        gallery.add_item(media="attachment://cat.png")
        layout.add_item(discord.ui.Container(gallery, discord.ui.ActionRow(pressed)))
        target = bot.get_partial_messageable(channel.id)
        await target.send(view=layout, file=discord.File(_stream(SMALL_PNG), "cat.png"))
        message = channel.messages[-1]
        assert message.flags & Flag.COMPONENTS_V2
        assert [one["label"] for one in message.interactive_components] == ["Again"]
        media = message.components[0]["components"][0]["items"][0]["media"]
        assert media["url"] == message.attachments[0].url


class TestRestOnly:
    async def test_files_are_kept_and_served_byte_for_byte(self, rest: discord.Client, channel: ShownChannel) -> None:
        target = rest.get_partial_messageable(channel.id, guild_id=channel.guild.id if channel.guild else None)
        files = [discord.File(_stream(SMALL_PNG), "cat one.png"), discord.File(_stream(b"x" * 99), "b.mp4")]
        sent = await target.send("two", files=files)
        [message] = channel.messages
        assert message.files == {"cat_one.png": SMALL_PNG, "b.mp4": b"x" * 99}
        assert [one.content_type for one in sent.attachments] == ["image/png", "video/mp4"]
        assert await sent.attachments[0].read() == SMALL_PNG

    async def test_an_edit_keeps_only_the_listed_files_and_adds_new_ones(
        self, rest: discord.Client, channel: ShownChannel
    ) -> None:
        target = rest.get_partial_messageable(channel.id)
        sent = await target.send(files=[discord.File(_stream(b"a"), "a"), discord.File(_stream(b"b"), "b")])
        partial = target.get_partial_message(sent.id)
        await partial.edit(content="only words")
        assert channel.messages[0].files == {"a": b"a", "b": b"b"}
        await partial.edit(attachments=[sent.attachments[1], discord.File(_stream(b"c"), "c")])
        assert channel.messages[0].files == {"b": b"b", "c": b"c"}
        with pytest.raises(discord.NotFound):
            await sent.attachments[0].read()

    async def test_the_same_nonce_posts_once(self, rest: discord.Client, channel: ShownChannel) -> None:
        target = rest.get_partial_messageable(channel.id)
        first = await target.send("once", nonce="row-7")
        again = await target.send("once", nonce="row-7")
        assert (again.id, again.nonce) == (first.id, "row-7")
        assert len(channel.messages) == 1
        assert (await target.fetch_message(first.id)).nonce is None
        await first.delete()
        with pytest.raises(discord.NotFound) as gone:
            await target.send("once", nonce="row-7")
        assert gone.value.code == 10008

    async def test_a_nonce_is_forgotten_after_its_window(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.settings.nonce_window = 0
        target = rest.get_partial_messageable(channel.id)
        for _ in range(2):
            await target.send("twice", nonce="row-7")
        assert len(channel.messages) == 2

    async def test_the_history_can_show_nonces_when_a_test_wants_it(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.settings.history_shows_nonce = True
        target = rest.get_partial_messageable(channel.id)
        await target.send("x", nonce="row-7")
        assert [one.nonce async for one in target.history()] == ["row-7"]

    async def test_the_history_is_paged(self, rest: discord.Client, channel: ShownChannel, alice: Member) -> None:
        written = [await alice.write(channel, str(n)) for n in range(130)]
        target = rest.get_partial_messageable(channel.id)
        assert [one.content async for one in target.history(limit=None)] == [str(n) for n in range(129, -1, -1)]
        middle = discord.Object(written[60].id)
        assert [one.content async for one in target.history(after=middle, limit=2)] == ["61", "62"]
        assert [one.content async for one in target.history(before=middle, limit=2)] == ["59", "58"]
        assert {one.content async for one in target.history(around=middle, limit=3)} >= {"60", "61"}

    @pytest.mark.parametrize(("tier", "limit"), [(0, 20 * MIB), (1, 20 * MIB), (2, 50 * MIB), (3, 100 * MIB)])
    async def test_the_upload_limit_follows_the_boost_tier(self, server: DiscordServer, tier: int, limit: int) -> None:
        assert server.add_guild("g", boost_tier=tier).upload_limit_bytes == limit

    async def test_a_file_over_the_limit_is_refused(self, server: DiscordServer, rest: discord.Client) -> None:
        channel = server.add_guild("g", upload_limit=1000).add_text_channel("c")
        target = rest.get_partial_messageable(channel.id)
        await target.send(file=discord.File(_stream(bytes(1000)), "fits"))
        with pytest.raises(discord.HTTPException) as refused:
            await target.send(file=discord.File(_stream(bytes(1001)), "does-not"))
        assert (refused.value.status, refused.value.code) == (413, 40005)
        assert len(channel.messages) == 1

    @pytest.mark.parametrize(
        "message",
        [
            {"content": "x" * 2001},
            {"embed": discord.Embed(title="x" * 257)},
            {"embeds": [discord.Embed(description="x" * 4000)] * 2},
            {"content": "x", "nonce": "n" * 26},
        ],
        ids=["content", "title", "embeds in all", "nonce"],
    )
    async def test_a_message_over_the_limits_is_refused(
        self, rest: discord.Client, channel: ShownChannel, message: dict[str, Any]
    ) -> None:
        with pytest.raises(discord.HTTPException) as refused:
            await rest.get_partial_messageable(channel.id).send(**message)
        assert (refused.value.status, refused.value.code) == (400, 50035)

    async def test_eleven_files_are_refused(self, server: DiscordServer, channel: ShownChannel) -> None:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", "{}")
        for number in range(11):
            form.add_field(f"files[{number}]", b"x", filename="x")
        assert await _post(server, channel, form) == (400, 50035)

    async def test_an_empty_message_is_refused(self, rest: discord.Client, channel: ShownChannel) -> None:
        with pytest.raises(discord.HTTPException) as refused:
            await rest.get_partial_messageable(channel.id).send("")
        assert refused.value.code == 50006

    @pytest.mark.parametrize(
        "broken",
        [
            {"embeds": [{"title": "x"}] * 11},
            {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
            {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
            {"components": [_row(_button("a"))] * 6},
            {"components": [_row(*map(_button, "abcdef"))]},
            {"components": [_row(_button("a"), _button("a"))]},
            {"components": [_row(_button("a" * 101))]},
            {"components": [_row(_button("a", label="x" * 81))]},
            {"components": [_row({"type": 3, "custom_id": "s", "options": [{"label": "l", "value": "v"}] * 26})]},
            {"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "x"}]},
            {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}] * 41},
        ],
        ids=lambda broken: str(broken)[:40],
    )
    async def test_embeds_and_components_over_the_limits_are_refused(
        self, server: DiscordServer, channel: ShownChannel, broken: dict[str, Any]
    ) -> None:
        assert await _post(server, channel, broken) == (400, 50035)
        assert channel.messages == []

    async def test_messages_of_others_need_a_permission(
        self, rest: discord.Client, channel: ShownChannel, guild: Guild, alice: Member
    ) -> None:
        theirs = [await alice.write(channel, "one"), await alice.write(channel, "two")]
        await alice.react(theirs[0], "👍")
        place = await rest.fetch_channel(channel.id)
        assert isinstance(place, discord.TextChannel)
        messages = [await place.fetch_message(one.id) for one in theirs]
        assert await _refusal(messages[0].edit(content="mine")) == (403, 50005)
        assert await _refusal(messages[0].delete()) == (403, 50013)
        guild.bot.roles.append(guild.add_role("moderator", Permission.MANAGE_MESSAGES))
        await messages[0].clear_reactions()
        assert theirs[0].reactions == {}
        await place.delete_messages(messages)
        assert channel.messages == []

    async def test_a_reaction_can_be_taken_back(
        self, rest: discord.Client, channel: ShownChannel, alice: Member
    ) -> None:
        message = await alice.write(channel, "look")
        partial = rest.get_partial_messageable(channel.id).get_partial_message(message.id)
        assert rest.user is not None
        await partial.add_reaction("⏳")
        await partial.remove_reaction("⏳", rest.user)
        assert message.reactions == {}

    async def test_a_guild_can_be_explored(self, rest: discord.Client, channel: ShownChannel, guild: Guild) -> None:
        guild.add_thread(channel, "details")
        fetched = await rest.fetch_guild(guild.id)
        assert [one.name for one in await fetched.fetch_channels()] == ["media"]
        assert [one.name for one in await fetched.fetch_roles()] == ["@everyone"]
        assert [one.name for one in await fetched.active_threads()] == ["details"]
        assert [one.name async for one in rest.fetch_guilds()] == ["Media lovers"]

    async def test_a_lost_channel_says_how_it_was_lost(
        self, rest: discord.Client, channel: ShownChannel, guild: Guild
    ) -> None:
        target = rest.get_partial_messageable(channel.id)
        await channel.forbid(Permission.ATTACH_FILES)
        await target.send("words are fine")
        assert await _refusal(target.send(file=discord.File(_stream(b"x"), "x"))) == (403, 50013)
        await channel.forbid(Permission.VIEW_CHANNEL)
        assert await _refusal(target.send("x")) == (403, 50001)
        await channel.allow(Permission.VIEW_CHANNEL)
        await target.send("back")
        await guild.kick_bot()
        assert await _refusal(target.send("x")) == (403, 50001)
        await guild.invite_bot()
        await channel.delete()
        assert await _refusal(target.send("x")) == (404, 10003)

    async def test_a_reply_to_a_deleted_message_fails_only_if_asked_to(
        self, rest: discord.Client, channel: ShownChannel, alice: Member
    ) -> None:
        message = await alice.write(channel, "download this")
        await alice.delete(message)
        target = rest.get_partial_messageable(channel.id)
        partial = target.get_partial_message(message.id)
        await target.send("here", reference=partial.to_reference(fail_if_not_exists=False))
        assert await _refusal(target.send("here", reference=partial.to_reference())) == (400, 50035)

    async def test_only_allowed_mentions_ping(self, rest: discord.Client, channel: ShownChannel, alice: Member) -> None:
        target = rest.get_partial_messageable(channel.id)
        await target.send(f"{alice.mention} @everyone")
        await target.send(f"{alice.mention} @everyone", allowed_mentions=discord.AllowedMentions.none())
        loud, quiet = channel.messages
        assert (loud.mentions, loud.mentions_everyone) == ([alice.user], True)
        assert (quiet.mentions, quiet.mentions_everyone) == ([], False)

    async def test_places_people_and_typing_can_be_asked_for(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel, guild: Guild, alice: Member
    ) -> None:
        fetched = await rest.fetch_guild(guild.id)
        assert (await fetched.fetch_member(alice.id)).name == "alice"
        fetched_channel = await rest.fetch_channel(channel.id)
        assert isinstance(fetched_channel, discord.TextChannel)
        async with fetched_channel.typing():
            assert channel.typing_seen == 1
        assert (await rest.application_info()).owner.id == server.owner.id
        assert rest.user is not None
        assert await rest.user.display_avatar.read()

    async def test_another_process_answers_the_buttons_of_the_rest_client(
        self, bot: MediaBot, rest: discord.Client, channel: ShownChannel, alice: Member
    ) -> None:
        await rest.get_partial_messageable(channel.id).send("card", view=Card())
        pressed = await alice.press(channel.messages[-1], label="Cancel")
        assert (await pressed.answer()).content == "cancelled by alice"

    async def test_a_wrong_token_is_refused(self, server: DiscordServer) -> None:
        async with discord.Client(intents=discord.Intents.none()) as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("wrong")
        assert server.invalid_requests == 1


class TestAnswersOfRawClients:
    """What the bot's own library would not let it do wrong."""

    async def test_a_private_deferral_keeps_its_answer_private_and_takes_files(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
    ) -> None:
        interaction, say = await _asked(server, channel, alice)
        assert await say("callback", {"type": 5, "data": {"flags": 64}}) == 204
        assert (await interaction.answer()).is_deferred
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps({"content": "here", "attachments": [{"id": 0}]}))
        form.add_field("files[0]", b"abc", filename="a.bin")
        assert await say("followup", form) == 200
        message = await interaction.reply()
        assert (message.files, message.edits, message.sees_only) == ({"a.bin": b"abc"}, 0, alice)
        assert channel.messages == []

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            ({"type": 4, "data": {"content": "x" * 2001}}, 400),
            ({"type": 4, "data": {}}, 400),
            ({"type": 7, "data": {"content": "x"}}, 400),
            ({"type": 8, "data": {"choices": []}}, 400),
            ({"type": 9, "data": {"title": "", "components": []}}, 400),
        ],
        ids=["too long", "empty", "nothing to update", "no autocomplete", "no title"],
    )
    async def test_a_wrong_answer_is_refused_and_may_be_corrected(
        self, server: DiscordServer, channel: ShownChannel, alice: Member, answer: dict[str, Any], status: int
    ) -> None:
        _, say = await _asked(server, channel, alice)
        assert await say("callback", answer) == status
        assert await say("callback", {"type": 4, "data": {"content": "better"}}) == 204
        assert [one.content for one in channel.messages] == ["better"]

    async def test_a_follow_up_before_the_first_answer_is_refused(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
    ) -> None:
        _, say = await _asked(server, channel, alice)
        assert await say("followup", {"content": "too early"}) == 404


async def _asked(server: DiscordServer, channel: ShownChannel, member: Member) -> tuple[Interaction, Any]:
    """An interaction, and a way to answer it by hand."""
    server.world.commands.overwrite(None, [{"name": "ask", "description": "Asks"}])
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


class TestInteractionExpiry:
    async def test_a_late_first_answer_is_unknown(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        server.settings.interaction_answer_window = 0
        interaction = await alice.use(channel, "queue list")
        await server.wait_until(lambda: [one for one in _callbacks(server) if one == 404])
        with pytest.raises(TimeoutError, match="queue"):
            await interaction.answer(timeout=0.01)

    async def test_an_old_token_is_refused(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        server.settings.interaction_token_window = 0
        await alice.use(channel, "cancel", row="7")
        await server.wait_until(lambda: [one for one in server.requests("POST", "/webhooks/**") if one.status])
        assert server.requests("POST", "/webhooks/**")[0].status == 401

    async def test_a_second_first_answer_is_refused(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        interaction = await alice.use(channel, "queue list")
        await interaction.answer()
        url = f"{server.api_base}/interactions/{interaction.id}/{interaction.token}/callback"
        async with aiohttp.ClientSession() as session, session.post(url, json={"type": 5}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 40060)


class TestFaults:
    async def test_a_rate_limit_is_waited_out(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.fail("POST", "/channels/*/messages", Fault.rate_limit(0.05), times=2)
        await rest.get_partial_messageable(channel.id).send("x")
        assert [one.status for one in server.requests("POST", "/channels/*/messages")] == [429, 429, 200]
        assert len(channel.messages) == 1

    async def test_a_global_rate_limit_without_headers_is_waited_out_too(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.fail("POST", "/channels/**", Fault.rate_limit(0.05, scope="global", headers=False))
        await rest.get_partial_messageable(channel.id).send("x")
        assert len(channel.messages) == 1

    async def test_a_wait_that_is_too_long_is_raised(self, server: DiscordServer, channel: ShownChannel) -> None:
        server.fail("POST", "/channels/**", Fault.rate_limit(600))
        intents = discord.Intents.none()
        async with discord.Client(intents=intents, max_ratelimit_timeout=30) as client:
            await client.login(server.token)
            with pytest.raises(discord.RateLimited) as limited:
                await client.get_partial_messageable(channel.id).send("x")
        assert limited.value.retry_after == 600

    async def test_a_request_over_the_request_limit_is_refused(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.settings.request_limit = 1500
        target = rest.get_partial_messageable(channel.id)
        files = [discord.File(_stream(bytes(800)), name) for name in ("a", "b")]
        assert await _refusal(target.send(files=files)) == (413, 40005)

    async def test_a_failure_of_the_server_itself_is_not_mistaken_for_discords(self) -> None:
        broken = DiscordServer()
        await broken.__aenter__()
        channel = broken.add_guild("g").add_text_channel("c")
        await _post(broken, channel, {"content": 5})
        with pytest.raises(ExceptionGroup, match="failed itself"):
            await broken.__aexit__(None, None, None)

    @pytest.mark.parametrize("fault", [Fault.rate_limit(0.05, via=False), Fault.status(429, text="banned")])
    async def test_cloudflares_ban_is_raised_at_once(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel, fault: Fault
    ) -> None:
        server.fail("POST", "/channels/*/messages", fault)
        assert (await _refusal(rest.get_partial_messageable(channel.id).send("x")))[0] == 429

    async def test_a_bucket_is_respected_by_discord_py(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.limit_rate("POST", "/channels/*/messages", 2, per=0.3)
        target = rest.get_partial_messageable(channel.id)
        for _ in range(4):
            await target.send("x")
        assert {one.status for one in server.requests("POST", "/channels/*/messages")} == {200}

    async def test_a_bucket_refuses_who_does_not_respect_it(self, server: DiscordServer, channel: ShownChannel) -> None:
        server.limit_rate("POST", "/channels/*/messages", 1, per=60)
        assert (await _post(server, channel, {"content": "x"}))[0] == 200
        assert (await _post(server, channel, {"content": "x"}))[0] == 429

    async def test_an_error_after_the_work_leaves_the_message_and_the_nonce_finds_it(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        planned = server.fail("POST", "/channels/*/messages", Fault.status(503, after=True))
        target = rest.get_partial_messageable(channel.id)
        assert (await _refusal(target.send("x", nonce="7")))[0] == 503
        assert (await target.send("x", nonce="7")).id == channel.messages[0].id
        assert (len(channel.messages), planned.struck) == (1, 1)

    async def test_an_error_before_the_work_leaves_nothing(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.fail("POST", "/channels/*/messages", Fault.status(503))
        assert (await _refusal(rest.get_partial_messageable(channel.id).send("x")))[0] == 503
        assert channel.messages == []

    @pytest.mark.parametrize(
        ("fault", "posted"),
        [(Fault.reset(), 0), (Fault.reset(body_read=True), 0), (Fault.reset(after=True), 1)],
        ids=["at the headers", "after the body", "after the work"],
    )
    async def test_a_reset_connection_tells_nothing_about_the_work(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel, fault: Fault, posted: int
    ) -> None:
        server.fail("POST", "/channels/*/messages", fault)
        target = rest.get_partial_messageable(channel.id)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await target.send(file=discord.File(_stream(bytes(2 * MIB)), "big"))
        assert len(channel.messages) == posted
        assert server.requests("POST", "/channels/*/messages")[0].status is None

    async def test_a_slow_answer_can_be_given_up(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.fail("POST", "/channels/*/messages", Fault.slow(0.3, after=True))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(rest.get_partial_messageable(channel.id).send("x"), 0.1)
        assert len(channel.messages) == 1

    async def test_a_fault_can_wait_and_be_for_good(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        server.fail("*", "/channels/**", Fault.unauthorized(), times=math.inf, skip=1)
        target = rest.get_partial_messageable(channel.id)
        await target.send("x")
        for _ in range(2):
            assert (await _refusal(target.send("x")))[0] == 401
        server.faults.clear()
        await target.send("x")

    async def test_a_revoked_token_ends_the_bot(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
    ) -> None:
        async with MediaBot() as bot:
            task = asyncio.create_task(bot.start(server.token))
            await server.wait_until_ready()
            await server.revoke_token()
            with pytest.raises(discord.ConnectionClosed) as closed:
                await task
        assert closed.value.code == 4004


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


class TestProcesses:
    async def test_a_killed_bot_is_missed_and_its_successor_answers(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
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

    async def test_the_server_can_be_tried_by_hand(self) -> None:
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


class TestGateway:
    @pytest.mark.parametrize("end", ["close", "drop", "reconnect"])
    async def test_what_was_missed_is_told_after_a_resumption(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member, end: str
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

    async def test_a_forgotten_session_identifies_anew(self, server: DiscordServer, bot: MediaBot) -> None:
        await server.forget_sessions()
        await server.wait_until(lambda: server.identifies == 2, timeout=20)
        await server.wait_until_ready()

    async def test_a_refused_gateway_is_tried_again(
        self, server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
    ) -> None:
        server.refuse_gateway(0.2)
        await server.close_gateway()
        await alice.write(channel, "$ping")
        await channel.wait_for(lambda one: one.content == "pong", timeout=20)
        assert 503 in {one.status for one in server.requests("GET", "/gateway**")}

    async def test_privileged_intents_must_be_granted(self, server: DiscordServer) -> None:
        server.settings.privileged_intents_are_granted = False
        async with MediaBot() as bot:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await bot.start(server.token)

    @pytest.mark.parametrize(("code", "kept"), [(1000, 0), (4000, 1)])
    async def test_only_a_goodbye_ends_the_session(self, server: DiscordServer, code: int, kept: int) -> None:
        identify = {"op": 2, "d": {"token": server.token, "intents": 1, "properties": {}}}
        async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as gateway:
            await gateway.send_json(identify)
            await server.wait_until_ready(commands=False)
            await gateway.close(code=code)
        await server.wait_until_disconnected()
        assert len(server.world.gateway.sessions) == kept

    async def test_heartbeats_are_acknowledged(
        self, server: DiscordServer, channel: ShownChannel, alice: Member
    ) -> None:
        server.settings.heartbeat_interval = 0.05
        async with running_bot(server) as bot:
            await server.wait_until(lambda: bot.latency < 5)

    async def test_members_are_given_on_request(self, bot: MediaBot, guild: Guild, alice: Member) -> None:
        known = bot.get_guild(guild.id)
        assert known is not None
        assert [one.name for one in await known.query_members("ali")] == ["alice"]

    async def test_new_places_and_departures_are_told(
        self, server: DiscordServer, bot: MediaBot, guild: Guild, channel: ShownChannel
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


def _callbacks(server: DiscordServer) -> list[int | None]:
    return [one.status for one in server.requests("POST", "/interactions/**")]


async def _refusal(request: Any) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as refused:
        await request
    return refused.value.status, refused.value.code


async def _post(server: DiscordServer, channel: ShownChannel, body: Any) -> tuple[int, int]:
    """Posts as a client without manners would: no discord.py in between."""
    headers = {"Authorization": f"Bot {server.token}"}
    kind = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{server.api_base}/channels/{channel.id}/messages"
        async with session.post(url, **kind) as answer:
            return answer.status, _json(await answer.read()).get("code", 0)


def _json(body: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body or b"{}")
    return read
