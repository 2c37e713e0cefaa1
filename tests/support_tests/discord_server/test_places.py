"""Places of all kinds: threads, posts, voice chats, private channels, and people who installed the bot themselves."""

from typing import Any

import discord
import pytest

from tests.support.discord_server import Channel as ShownChannel
from tests.support.discord_server import DiscordServer, Guild, Member, Permission
from tests.support_tests.discord_server.bots import MediaBot, asked_by_hand, post, refusal

TEXT = {"content": "x"}
V2 = 1 << 15
LINE: dict[str, Any] = {"type": 10, "content": "text"}
BUTTON: dict[str, Any] = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}


async def test_a_bot_answers_in_threads_posts_and_voice_chats(
    bot: MediaBot, guild: Guild, channel: ShownChannel, alice: Member
) -> None:
    thread = guild.add_thread(channel, "clips")
    post_of_alice = await guild.add_post(guild.add_forum("films"), "A film", alice, "look")
    voice = guild.add_voice_channel("lounge")
    for place in (thread, post_of_alice, voice):
        assert (await (await alice.use(place, "ping")).reply()).content == "pong"
        await alice.write(place, "$ping")
        await place.wait_for(lambda one: one.content == "pong" and one.reference is not None)


async def test_a_thread_is_opened_on_a_message_once_and_may_be_archived_and_locked(
    server: DiscordServer, bot: MediaBot, guild: Guild, channel: ShownChannel
) -> None:
    place = bot.get_partial_messageable(channel.id, guild_id=guild.id)
    message = await place.send("files")
    thread = await message.create_thread(name="More files")
    said = await bot.get_partial_messageable(thread.id).send("first")
    assert (await refusal(message.create_thread(name="again")))[1] == 160004
    shown = server.channel(thread.id)
    await shown.archive()
    assert (await refusal(said.edit(content="second")))[1] == 50083
    await bot.get_partial_messageable(thread.id).send("a message opens it again")
    await said.edit(content="second")
    await shown.archive(locked=True)
    assert await post(server, shown, TEXT) == (400, 160005)
    await channel.forbid(Permission.CREATE_PUBLIC_THREADS)
    other = await place.send("others")
    assert (await refusal(other.create_thread(name="no")))[1] == 50013


async def test_a_forum_takes_posts_and_no_messages(server: DiscordServer, bot: MediaBot, guild: Guild) -> None:
    forum = guild.add_forum("films")
    assert await post(server, forum, TEXT) == (400, 50008)
    await server.wait_until(lambda: bot.get_channel(forum.id))
    known = bot.get_channel(forum.id)
    assert isinstance(known, discord.ForumChannel)
    made = await known.create_thread(name="A film", content="look")
    assert [one.content for one in server.channel(made.thread.id).messages] == ["look"]


async def test_a_voice_chat_and_direct_messages_have_no_threads(
    server: DiscordServer, rest: discord.Client, guild: Guild, alice: Member
) -> None:
    for place in (guild.add_voice_channel("lounge"), alice.dm):
        message = await rest.get_partial_messageable(place.id).send("x")
        assert (
            await refusal(rest.http.start_thread_with_message(place.id, message.id, name="t", auto_archive_duration=60))
        )[1] == 50024


class TestUserInstall:
    async def test_a_command_is_offered_where_it_was_installed_and_answered_through_the_interaction_alone(
        self, server: DiscordServer, guild: Guild, channel: ShownChannel, alice: Member
    ) -> None:
        await guild.kick_bot()
        with pytest.raises(PermissionError, match="not offered"):
            await asked_by_hand(server, channel, alice)
        alice.user.has_installed_bot = True
        interaction, say = await asked_by_hand(server, channel, alice, integration_types=[0, 1])
        assert await say("callback", {"type": 4, "data": TEXT}) == 204
        told = interaction.to_json()
        assert told["authorizing_integration_owners"] == {"1": str(alice.id)}
        assert not int(told["app_permissions"]) & Permission.SEND_MESSAGES
        assert await post(server, channel, TEXT) == (403, 50001)
        assert [await say("followup", TEXT) for _ in range(6)] == [200] * 5 + [400]

    async def test_its_answer_is_private_where_members_may_not_use_their_own_apps(
        self, server: DiscordServer, guild: Guild, channel: ShownChannel, alice: Member
    ) -> None:
        await guild.kick_bot()
        alice.user.has_installed_bot = True
        guild.everyone.permissions &= ~Permission.USE_EXTERNAL_APPS
        interaction, say = await asked_by_hand(server, channel, alice, integration_types=[1])
        await say("callback", {"type": 4, "data": TEXT})
        assert interaction.messages[0].sees_only is alice

    async def test_a_private_channel_is_a_context_of_its_own(self, server: DiscordServer, alice: Member) -> None:
        group = server.add_group_dm(alice)
        alice.user.has_installed_bot = True
        with pytest.raises(PermissionError):
            await asked_by_hand(server, group, alice, integration_types=[1], contexts=[0, 1])
        interaction, _ = await asked_by_hand(server, group, alice, integration_types=[1], contexts=[2])
        assert interaction.to_json()["context"] == 2
        assert await post(server, group, TEXT) == (403, 50001)

    async def test_the_bot_writes_only_to_those_who_know_it(
        self, server: DiscordServer, guild: Guild, rest: discord.Client, alice: Member
    ) -> None:
        await guild.kick_bot()
        place = rest.get_partial_messageable(alice.dm.id)
        assert (await refusal(place.send("x")))[1] == 50007
        alice.user.has_installed_bot = True
        await place.send("x")


class TestLayouts:
    async def test_a_message_becomes_a_layout_only_without_its_text(
        self, server: DiscordServer, rest: discord.Client, channel: ShownChannel
    ) -> None:
        message = await rest.get_partial_messageable(channel.id).send("⏳")
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.TextDisplay("card"))
        assert (await refusal(message.edit(view=view)))[0] == 400
        await message.edit(content=None, view=view)
        assert [one.text for one in channel.messages] == ["card"]
        assert (await refusal(message.edit(content="back", view=None)))[0] == 400

    @pytest.mark.parametrize(
        "components",
        [
            [LINE | {"content": ""}],
            [LINE | {"content": "x" * 4001}],
            [BUTTON],
            [{"type": 9, "components": [LINE]}],
            [{"type": 9, "components": [LINE] * 4, "accessory": BUTTON}],
            [{"type": 9, "components": [LINE], "accessory": LINE}],
            [{"type": 17, "components": [{"type": 17, "components": [LINE]}]}],
            [{"type": 12, "items": []}],
            [{"type": 13, "file": {"url": "cat.mp4"}}],
            [LINE] * 41,
            [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x"}]}],
            [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x"}]}],
        ],
        ids=lambda components: str(components)[:40],
    )
    async def test_what_discord_would_refuse_is_refused(
        self, server: DiscordServer, channel: ShownChannel, components: list[dict[str, Any]]
    ) -> None:
        assert await post(server, channel, {"flags": V2, "components": components}) == (400, 50035)
        assert channel.messages == []

    async def test_a_layout_needs_its_flag(self, server: DiscordServer, channel: ShownChannel) -> None:
        assert await post(server, channel, {"components": [LINE]}) == (400, 50035)
        assert (await post(server, channel, {"flags": V2, "components": [LINE]}))[0] == 200


class TestLocalesAndShards:
    async def test_interactions_tell_the_locales(
        self, server: DiscordServer, guild: Guild, channel: ShownChannel, alice: Member
    ) -> None:
        alice.user.locale, guild.locale = "de", "fr"
        interaction, _ = await asked_by_hand(server, channel, alice)
        assert (interaction.to_json()["locale"], interaction.to_json()["guild_locale"]) == ("de", "fr")

    async def test_localisations_are_listed_only_when_asked_for(
        self, server: DiscordServer, rest: discord.Client
    ) -> None:
        number = server.world.application_id
        command = {"name": "ask", "description": "Asks", "description_localizations": {"de": "Fragt"}}
        await rest.http.bulk_upsert_global_commands(number, payload=[command])
        (plain,) = await rest.http.get_global_commands(number)
        assert "description_localizations" not in plain
        route = discord.http.Route("GET", "/applications/{number}/commands", number=number)
        (whole,) = await rest.http.request(route, params={"with_localizations": "true"})
        assert whole["description_localizations"] == {"de": "Fragt"}
        wrong = command | {"description_localizations": {"xx": "?"}}
        assert (await refusal(rest.http.bulk_upsert_global_commands(number, payload=[wrong])))[0] == 400

    async def test_each_guild_belongs_to_one_shard(self, server: DiscordServer, guild: Guild) -> None:
        server.settings.shards = 2
        async with discord.AutoShardedClient(intents=discord.Intents(guilds=True)) as client:
            starting = client.loop.create_task(client.start(server.token))
            await server.wait_until_ready(20, commands=False)
            assert client.shard_count == 2
            channel, alice = guild.add_text_channel("media"), guild.add_member("alice")
            await asked_by_hand(server, channel, alice)
            await asked_by_hand(server, alice.dm, alice)
            sessions = server.world.gateway.connected
            told = [sum("INTERACTION_CREATE" in one for one in session.sent) for session in sessions]
            assert told == ([1, 1] if (guild.id >> 22) % 2 else [2, 0])
            await client.close()
            await starting
