"""Who sees, moves and ends what: one's own, a moderator everything of the guild, nobody anything of another guild."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.models import Settlement, Status
from tests.cogs.asking import prefix, slash, told
from tests.cogs.scene import URL, Scene, opened
from tests.support.processes import Programs


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def ask_for(scene: Scene, *names: str) -> None:
    """Downloads that Alice asked for, one after the other."""
    before = len(await scene.queries.newest())
    for number, name in enumerate(names, start=before + 1):
        await scene.alice.use(scene.channel, "download", url=f"https://media.example/{name}.mp4")
        await scene.card(f"#{number}")


async def test_a_member_cancels_his_own_download_and_its_message_says_so(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("#1")
    runner, claim = await scene.claimed()
    assert await slash(scene, scene.alice, "cancel", id=1) == "🛑 Download 1 is being cancelled."
    assert (await scene.row()).cancelled
    await runner.settle(claim, Settlement(Status.CANCELLED))
    assert await scene.card("🚫", "cat.mp4", "was cancelled") is card
    assert await prefix(scene, scene.alice, "$dlc 1") == "Download 1 is over already: nothing to cancel."
    assert await prefix(scene, scene.alice, "$retry 1") == "🔄 Download 1 is tried again."
    assert (await scene.row()).status is Status.PENDING
    assert await slash(scene, scene.alice, "pause", id=1) == (
        "⏸️ Download 1 is paused. `resume` goes on where it stopped."
    )
    assert (await scene.row()).paused
    assert await prefix(scene, scene.alice, "$pause 1") == ("Download 1 is paused or over already: nothing to pause.")
    assert await slash(scene, scene.alice, "retry", id=1) == (
        "Download 1 did not fail and was not cancelled: nothing to try again."
    )
    assert await prefix(scene, scene.alice, "$resume 1") == "▶️ Download 1 goes on."
    assert await slash(scene, scene.alice, "resume", id=1) == "Download 1 is not paused: nothing to resume."
    assert not (await scene.row()).paused


async def test_only_who_manages_the_queue_steers_what_others_asked_for(scene: Scene) -> None:
    dj = scene.guild.add_role("dj")
    carol = scene.guild.add_member("carol", roles=(dj,))
    admin = scene.guild.add_admin("admin")
    await scene.start_bot()
    await ask_for(scene, "a")
    refused = "❌ Download 1 is not yours. Moderators (Manage Messages) may do this."
    for member in (scene.bob, carol):
        for command in ("cancel", "pause", "resume", "retry"):
            assert await slash(scene, member, command, id=1) == refused
            assert await prefix(scene, member, f"${command} 1") == refused
        assert await slash(scene, member, "queue move", id=1, to="bottom") == refused
    row = await scene.row()
    assert (row.cancelled, row.paused, row.priority) == (False, False, 0)

    said = await slash(scene, admin, "settings role", role=dj, manage_queue=True)
    assert said == "✅ Changed. `settings view` shows all."
    assert await slash(scene, carol, "pause", id=1) == "⏸️ Download 1 is paused. `resume` goes on where it stopped."
    assert await prefix(scene, scene.moderator, "$resume 1") == "▶️ Download 1 goes on."
    assert await slash(scene, carol, "queue move", id=1, to="top") == "⏫ Download 1 goes before all others."
    assert (await scene.row()).priority == 1
    assert await prefix(scene, scene.moderator, "$cancel 1") == "🛑 Download 1 is being cancelled."
    assert (await scene.row()).cancelled


async def test_the_queue_is_ordered_and_emptied(scene: Scene) -> None:
    await scene.start_bot()
    await ask_for(scene, "a", "b")
    await scene.bob.use(scene.channel, "download", url="https://media.example/c.mp4")
    await scene.card("#3")
    alone = "❌ Only who manages the queue lets downloads go before those of others."
    moves = {
        ("2", "bottom"): "⏬ Download 2 waits until others are done.",
        ("2", "down"): "Download 2 is there already, or over.",
        ("2", "up"): "▶️ Download 2 waits its turn as others do.",
        ("1", "up"): alone,
        ("1", "top"): alone,
        ("9", "top"): "❌ There is no download 9 here.",
    }
    for (number, to), answer in moves.items():
        assert await prefix(scene, scene.alice, f"$queue move {number} {to}") == answer, (number, to)
    assert await slash(scene, scene.alice, "queue clear") == "🛑 2 waiting downloads are being cancelled."
    assert [(await scene.row(number)).cancelled for number in (1, 2, 3)] == [True, True, False]
    assert await prefix(scene, scene.alice, "$queue clear") == "Nothing waits here that you could cancel."
    assert await prefix(scene, scene.moderator, "$queue clear") == "🛑 1 waiting download is being cancelled."
    assert (await scene.row(3)).cancelled


async def test_an_answer_that_took_longer_than_its_interaction_lives_is_given_all_the_same(scene: Scene) -> None:
    await scene.start_bot()
    await ask_for(scene, "a")
    shell = scene.locked()
    try:
        interaction = await scene.alice.use(scene.channel, "cancel", id=1)
        await interaction.answer()
        scene.discord.settings.interaction_token_window = 0
    finally:
        shell.close()
    assert await told(scene, interaction) == "🛑 Download 1 is being cancelled."


async def test_nothing_is_seen_or_ended_from_another_guild(scene: Scene) -> None:
    elsewhere = scene.discord.add_guild("Elsewhere")
    other = elsewhere.add_text_channel("media")
    stranger = elsewhere.add_admin("stranger")
    await scene.start_bot()
    await ask_for(scene, "a")
    nowhere = "❌ There is no download 1 here."
    for command in ("cancel", "pause", "resume", "retry", "status"):
        assert await told(scene, await stranger.use(other, command, id=1)) == nowhere
        assert await prefix(scene, stranger, f"${command} 1", other) == nowhere
    assert await told(scene, await stranger.use(other, "queue move", id=1, to="top")) == nowhere
    assert await told(scene, await stranger.use(other, "info", what="1")) == nowhere
    assert await told(scene, await stranger.use(other, "status")) == "You asked for nothing here yet."
    assert await told(scene, await stranger.use(other, "queue list")) == "Nothing is running and nothing waits here."
    assert await told(scene, await stranger.use(other, "queue clear")) == "Nothing waits here that you could cancel."
    assert await stranger.autocomplete(other, "cancel", "id", "") == []
    row = await scene.row()
    assert (row.cancelled, row.paused, row.priority) == (False, False, 0)


async def test_direct_messages_show_and_end_ones_own_alone(scene: Scene) -> None:
    await scene.start_bot()
    await ask_for(scene, "cat")
    await scene.bob.use(scene.channel, "download", url="https://media.example/dog.mp4")
    await scene.card("#2")
    dm = scene.alice.dm
    listed = await prefix(scene, scene.alice, "$queue", dm)
    assert "cat.mp4" in listed
    assert "dog.mp4" not in listed
    assert await prefix(scene, scene.alice, "$cancel 2", dm) == "❌ There is no download 2 here."
    assert await prefix(scene, scene.alice, "$cancel 1", dm) == "🛑 Download 1 is being cancelled."
    assert [(await scene.row(number)).cancelled for number in (1, 2)] == [True, False]
    assert await prefix(scene, scene.alice, "$settings", dm) == "❌ This works only in a server."
    await scene.alice.write(dm, f"$download {URL}")
    await dm.wait_for(lambda one: "#3" in one.text)
    row = await scene.row(3)
    assert (row.guild_id, row.channel_id, row.user_id) == (None, dm.id, scene.alice.id)


async def test_queue_status_and_info_say_where_downloads_stand(scene: Scene) -> None:
    await scene.start_bot()
    await ask_for(scene, "a", "b", "c")
    runner, claim = await scene.claimed()
    await runner.enter_site(claim, site="media.example", media_id="/a.mp4")
    listed = await prefix(scene, scene.bob, "$dlq")
    assert listed.startswith("**Running and waiting**")
    for words in (("a.mp4", "extracting"), ("b.mp4", "next in line"), ("c.mp4", "1 ahead of it")):
        assert any(all(word in one for word in words) for one in listed.splitlines()), (words, listed)
    assert await slash(scene, scene.bob, "queue list") == listed
    latest = await slash(scene, scene.alice, "status")
    assert all(word in latest for word in ("Your latest downloads", "a.mp4", "b.mp4", "c.mp4"))
    assert "waits, 1 ahead of it" in await slash(scene, scene.bob, "status", id=3)
    of_number = await slash(scene, scene.bob, "info", what="1")
    assert all(word in of_number for word in ("a.mp4", "#1", "asked")), of_number
    of_link = await prefix(scene, scene.bob, "$dli https://media.example/a.mp4?utm_source=x")
    for said in ("**media.example** · /a.mp4", "It is fetched as a file", "Without what only tracks you", "`#1`"):
        assert said in of_link, said
    assert "It is fetched by yt-dlp" in await slash(scene, scene.bob, "info", what="https://youtu.be/jNQXAC9IVRw")


async def test_typing_a_number_suggests_what_makes_sense(scene: Scene) -> None:
    await scene.start_bot()
    await ask_for(scene, "a", "b")
    suggested = await scene.alice.autocomplete(scene.channel, "cancel", "id", "")
    assert suggested == [{"name": "⏳ 2: b.mp4", "value": 2}, {"name": "⏳ 1: a.mp4", "value": 1}]

    async def numbers(command: str, typed: str = "") -> list[int]:
        option = "what" if command == "info" else "id"
        return [int(one["value"]) for one in await scene.alice.autocomplete(scene.channel, command, option, typed)]

    assert await numbers("cancel", "a.m") == [1]
    assert await scene.bob.autocomplete(scene.channel, "cancel", "id", "") == []
    assert len(await scene.moderator.autocomplete(scene.channel, "queue move", "id", "")) == 2
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.CANCELLED))
    await slash(scene, scene.alice, "pause", id=2)
    expected = {"cancel": [2], "pause": [], "resume": [2], "retry": [1], "status": [2, 1], "info": [2, 1]}
    assert {command: await numbers(command) for command in expected} == expected
    shell = scene.locked()
    try:
        assert await numbers("status") == [2, 1]
    finally:
        shell.close()
