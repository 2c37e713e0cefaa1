"""Messages, files, limits and places over REST alone, as the upload runner uses them."""

from typing import Any

import aiohttp
import discord
import pytest

from tests.support.discord_server import (
    MIB,
    DiscordServer,
    Guild,
    Member,
    Permission,
)
from tests.support.discord_server import Channel as ShownChannel
from tests.support_tests.discord_server.bots import SMALL_PNG, Card, MediaBot, button, post, refusal, row, stream


async def test_files_are_kept_and_served_byte_for_byte(rest: discord.Client, channel: ShownChannel) -> None:
    target = rest.get_partial_messageable(channel.id, guild_id=channel.guild.id if channel.guild else None)
    files = [discord.File(stream(SMALL_PNG), "cat one.png"), discord.File(stream(b"x" * 99), "b.mp4")]
    sent = await target.send("two", files=files)
    [message] = channel.messages
    assert message.files == {"cat_one.png": SMALL_PNG, "b.mp4": b"x" * 99}
    assert [one.content_type for one in sent.attachments] == ["image/png", "video/mp4"]
    assert await sent.attachments[0].read() == SMALL_PNG


async def test_an_edit_keeps_only_the_listed_files_and_adds_new_ones(
    rest: discord.Client, channel: ShownChannel
) -> None:
    target = rest.get_partial_messageable(channel.id)
    sent = await target.send(files=[discord.File(stream(b"a"), "a"), discord.File(stream(b"b"), "b")])
    partial = target.get_partial_message(sent.id)
    await partial.edit(content="only words")
    assert channel.messages[0].files == {"a": b"a", "b": b"b"}
    await partial.edit(attachments=[sent.attachments[1], discord.File(stream(b"c"), "c")])
    assert channel.messages[0].files == {"b": b"b", "c": b"c"}
    with pytest.raises(discord.NotFound):
        await sent.attachments[0].read()


async def test_the_same_nonce_posts_once(rest: discord.Client, channel: ShownChannel) -> None:
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
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.settings.nonce_window = 0
    target = rest.get_partial_messageable(channel.id)
    for _ in range(2):
        await target.send("twice", nonce="row-7")
    assert len(channel.messages) == 2


async def test_the_history_can_show_nonces_when_a_test_wants_it(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel
) -> None:
    server.settings.history_shows_nonce = True
    target = rest.get_partial_messageable(channel.id)
    await target.send("x", nonce="row-7")
    assert [one.nonce async for one in target.history()] == ["row-7"]


async def test_the_history_is_paged(rest: discord.Client, channel: ShownChannel, alice: Member) -> None:
    written = [await alice.write(channel, str(n)) for n in range(130)]
    target = rest.get_partial_messageable(channel.id)
    assert [one.content async for one in target.history(limit=None)] == [str(n) for n in range(129, -1, -1)]
    middle = discord.Object(written[60].id)
    assert [one.content async for one in target.history(after=middle, limit=2)] == ["61", "62"]
    assert [one.content async for one in target.history(before=middle, limit=2)] == ["59", "58"]
    assert {one.content async for one in target.history(around=middle, limit=3)} >= {"60", "61"}


@pytest.mark.parametrize(("tier", "limit"), [(0, 20 * MIB), (1, 20 * MIB), (2, 50 * MIB), (3, 100 * MIB)])
async def test_the_upload_limit_follows_the_boost_tier(server: DiscordServer, tier: int, limit: int) -> None:
    assert server.add_guild("g", boost_tier=tier).upload_limit_bytes == limit


async def test_a_file_over_the_limit_is_refused(server: DiscordServer, rest: discord.Client) -> None:
    channel = server.add_guild("g", upload_limit=1000).add_text_channel("c")
    target = rest.get_partial_messageable(channel.id)
    await target.send(file=discord.File(stream(bytes(1000)), "fits"))
    with pytest.raises(discord.HTTPException) as refused:
        await target.send(file=discord.File(stream(bytes(1001)), "does-not"))
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
    rest: discord.Client, channel: ShownChannel, message: dict[str, Any]
) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await rest.get_partial_messageable(channel.id).send(**message)
    assert (refused.value.status, refused.value.code) == (400, 50035)


async def test_eleven_files_are_refused(server: DiscordServer, channel: ShownChannel) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", "{}")
    for number in range(11):
        form.add_field(f"files[{number}]", b"x", filename="x")
    assert await post(server, channel, form) == (400, 50035)


async def test_an_empty_message_is_refused(rest: discord.Client, channel: ShownChannel) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await rest.get_partial_messageable(channel.id).send("")
    assert refused.value.code == 50006


@pytest.mark.parametrize(
    "broken",
    [
        {"embeds": [{"title": "x"}] * 11},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
        {"components": [row(button("a"))] * 6},
        {"components": [row(*map(button, "abcdef"))]},
        {"components": [row(button("a"), button("a"))]},
        {"components": [row(button("a" * 101))]},
        {"components": [row(button("a", label="x" * 81))]},
        {"components": [row({"type": 3, "custom_id": "s", "options": [{"label": "l", "value": "v"}] * 26})]},
        {"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "x"}]},
        {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}] * 41},
    ],
    ids=lambda broken: str(broken)[:40],
)
async def test_embeds_and_components_over_the_limits_are_refused(
    server: DiscordServer, channel: ShownChannel, broken: dict[str, Any]
) -> None:
    assert await post(server, channel, broken) == (400, 50035)
    assert channel.messages == []


async def test_messages_of_others_need_a_permission(
    rest: discord.Client, channel: ShownChannel, guild: Guild, alice: Member
) -> None:
    theirs = [await alice.write(channel, "one"), await alice.write(channel, "two")]
    await alice.react(theirs[0], "👍")
    place = await rest.fetch_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    messages = [await place.fetch_message(one.id) for one in theirs]
    assert await refusal(messages[0].edit(content="mine")) == (403, 50005)
    assert await refusal(messages[0].delete()) == (403, 50013)
    guild.bot.roles.append(guild.add_role("moderator", Permission.MANAGE_MESSAGES))
    await messages[0].clear_reactions()
    assert theirs[0].reactions == {}
    await place.delete_messages(messages)
    assert channel.messages == []


async def test_a_reaction_can_be_taken_back(rest: discord.Client, channel: ShownChannel, alice: Member) -> None:
    message = await alice.write(channel, "look")
    partial = rest.get_partial_messageable(channel.id).get_partial_message(message.id)
    assert rest.user is not None
    await partial.add_reaction("⏳")
    await partial.remove_reaction("⏳", rest.user)
    assert message.reactions == {}


async def test_a_guild_can_be_explored(rest: discord.Client, channel: ShownChannel, guild: Guild) -> None:
    guild.add_thread(channel, "details")
    fetched = await rest.fetch_guild(guild.id)
    assert [one.name for one in await fetched.fetch_channels()] == ["media"]
    assert [one.name for one in await fetched.fetch_roles()] == ["@everyone"]
    assert [one.name for one in await fetched.active_threads()] == ["details"]
    assert [one.name async for one in rest.fetch_guilds()] == ["Media lovers"]


async def test_a_lost_channel_says_how_it_was_lost(rest: discord.Client, channel: ShownChannel, guild: Guild) -> None:
    target = rest.get_partial_messageable(channel.id)
    await channel.forbid(Permission.ATTACH_FILES)
    await target.send("words are fine")
    assert await refusal(target.send(file=discord.File(stream(b"x"), "x"))) == (403, 50013)
    await channel.forbid(Permission.VIEW_CHANNEL)
    assert await refusal(target.send("x")) == (403, 50001)
    await channel.allow(Permission.VIEW_CHANNEL)
    await target.send("back")
    await guild.kick_bot()
    assert await refusal(target.send("x")) == (403, 50001)
    await guild.invite_bot()
    await channel.delete()
    assert await refusal(target.send("x")) == (404, 10003)


async def test_a_reply_to_a_deleted_message_fails_only_if_asked_to(
    rest: discord.Client, channel: ShownChannel, alice: Member
) -> None:
    message = await alice.write(channel, "download this")
    await alice.delete(message)
    target = rest.get_partial_messageable(channel.id)
    partial = target.get_partial_message(message.id)
    await target.send("here", reference=partial.to_reference(fail_if_not_exists=False))
    assert await refusal(target.send("here", reference=partial.to_reference())) == (400, 50035)


async def test_only_allowed_mentions_ping(rest: discord.Client, channel: ShownChannel, alice: Member) -> None:
    target = rest.get_partial_messageable(channel.id)
    await target.send(f"{alice.mention} @everyone")
    await target.send(f"{alice.mention} @everyone", allowed_mentions=discord.AllowedMentions.none())
    loud, quiet = channel.messages
    assert (loud.mentions, loud.mentions_everyone) == ([alice.user], True)
    assert (quiet.mentions, quiet.mentions_everyone) == ([], False)


async def test_places_people_and_typing_can_be_asked_for(
    server: DiscordServer, rest: discord.Client, channel: ShownChannel, guild: Guild, alice: Member
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
    bot: MediaBot, rest: discord.Client, channel: ShownChannel, alice: Member
) -> None:
    await rest.get_partial_messageable(channel.id).send("card", view=Card())
    pressed = await alice.press(channel.messages[-1], label="Cancel")
    assert (await pressed.answer()).content == "cancelled by alice"


async def test_a_wrong_token_is_refused(server: DiscordServer) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
    assert server.invalid_requests == 1
