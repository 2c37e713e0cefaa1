"""What members do reaches the bot, and its answers reach them; by a real discord.py bot."""

import asyncio
from typing import Any

import discord
import pytest

from tests.support.discord_server import (
    MIB,
    AnswerKind,
    DiscordServer,
    Flag,
    Guild,
    Member,
    Upload,
)
from tests.support.discord_server import Channel as ShownChannel
from tests.support_tests.discord_server.bots import (
    SMALL_PNG,
    MediaBot,
    stream,
)


async def test_a_prefix_command_is_answered_with_a_reply(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    message = await alice.write(channel, "$ping")
    answer = await channel.wait_for(lambda one: one.content == "pong")
    assert answer.reference is message


async def test_a_slash_command_is_deferred_then_edited(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    interaction = await alice.use(channel, "download", url="http://cat.gif", quality="small")
    answer = await interaction.answer()
    assert answer.kind is AnswerKind.DEFERRED
    message = await channel.wait_for(lambda one: one.content == "done http://cat.gif")
    assert [message] == channel.messages == interaction.messages
    assert message.edits == 1


async def test_buttons_change_the_message_that_carries_them(
    bot: MediaBot, channel: ShownChannel, alice: Member
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
    bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
) -> None:
    await alice.use(channel, "download", url="u")
    message = await channel.wait_for(lambda one: one.content == "done u")
    chosen = await alice.select(message, "Low")
    answer = await chosen.answer()
    assert answer.content == "quality 360"
    assert answer.message in channel.messages_for(alice)
    assert answer.message not in channel.messages
    assert answer.message not in channel.messages_for(guild.add_member("bob"))


async def test_a_button_opens_a_modal_that_is_filled_in(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    await alice.use(channel, "download", url="u")
    message = await channel.wait_for(lambda one: one.content == "done u")
    asked = await alice.press(message, label="Rename")
    assert (await asked.answer()).modal["title"] == "Rename"
    submitted = await alice.submit_modal(asked, {"New name": "cat"})
    assert (await submitted.answer()).content == "renamed to cat"


async def test_a_modal_may_hold_labels_and_selects(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    asked = await alice.use(channel, "preferences")
    await asked.answer()
    filled = {"Note": "to", "Where": [channel], "Size": "Big"}
    submitted = await alice.submit_modal(asked, filled)
    assert (await submitted.answer()).content == "to media xl"
    with pytest.raises(LookupError):
        await alice.submit_modal(asked, filled | {"Nothing": "x"})


async def test_answers_are_changed_and_taken_back(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    interaction = await alice.use(channel, "fickle")
    await channel.wait_until(lambda shown: [one.content for one in shown.messages] == ["also this"])
    assert [one.edits for one in interaction.messages] == [1]


async def test_commands_of_a_guild_are_its_own(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
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


async def test_an_option_is_completed_while_typing(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    suggestions = await alice.autocomplete(channel, "cancel", "row", "7")
    assert [one["value"] for one in suggestions] == ["7", "71"]


async def test_a_follow_up_is_ephemeral_too(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    interaction = await alice.use(channel, "cancel", row="7")
    await channel.wait_for(lambda one: one.content == "really")
    assert [one.content for one in interaction.messages] == ["cancelled 7", "really"]
    assert channel.messages == []


async def test_files_and_members_travel_as_options(
    bot: MediaBot, channel: ShownChannel, alice: Member, guild: Guild
) -> None:
    bob = guild.add_member("bob")
    interaction = await alice.use(channel, "convert", file=Upload("a.bin", b"abc"), to=bob)
    message = await interaction.reply()
    assert message.content == f"3 bytes for bob, limit {20 * MIB}"
    assert message.files == {"turned.bin": b"cba"}


async def test_subcommands_and_context_menus_are_found(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
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
    bot: MediaBot,
    channel: ShownChannel,
    alice: Member,
    command: str,
    options: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await alice.use(channel, command, **options)


async def test_an_admin_may_use_what_others_do_not_see(bot: MediaBot, channel: ShownChannel, guild: Guild) -> None:
    purged = await guild.add_admin("root").use(channel, "purge")
    assert (await purged.answer()).content == "purged"


async def test_direct_messages_reach_the_bot(bot: MediaBot, alice: Member) -> None:
    await alice.write(alice.dm, "$ping")
    await alice.dm.wait_for(lambda one: one.content == "pong")
    user = await bot.fetch_user(alice.id)
    alice.user.accepts_dms = False
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("hello")
    assert refused.value.code == 50007


async def test_a_slash_command_works_in_direct_messages(bot: MediaBot, alice: Member) -> None:
    interaction = await alice.use(alice.dm, "queue list")
    assert (await interaction.reply()) in alice.dm.messages


async def test_a_bot_without_the_intent_reads_only_what_mentions_it(
    server: DiscordServer, channel: ShownChannel, alice: Member
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
    bot: MediaBot, channel: ShownChannel, alice: Member
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


async def test_a_layout_with_files_shows_its_buttons(bot: MediaBot, channel: ShownChannel, alice: Member) -> None:
    layout = discord.ui.LayoutView(timeout=None)
    pressed = discord.ui.Button[discord.ui.LayoutView](label="Again", custom_id="again")
    gallery = discord.ui.MediaGallery[discord.ui.LayoutView]()
    gallery.add_item(media="attachment://cat.png")
    layout.add_item(discord.ui.Container(gallery, discord.ui.ActionRow(pressed)))
    target = bot.get_partial_messageable(channel.id)
    await target.send(view=layout, file=discord.File(stream(SMALL_PNG), "cat.png"))
    message = channel.messages[-1]
    assert message.flags & Flag.COMPONENTS_V2
    assert [one["label"] for one in message.interactive_components] == ["Again"]
    media = message.components[0]["components"][0]["items"][0]["media"]
    assert media["url"] == message.attachments[0].url
