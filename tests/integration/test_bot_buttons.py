"""Buttons and menus of cards, pressed by owner, stranger, moderator and from another guild, by the real bot."""

import json
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.models import Download, Settlement, Status
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Interaction, Member, Message, Permission
from tests.support.processes import Programs, wait_until

PLAN = {"height": 720, "bytes": 30_000_000, "heights": [1080, 720, 480]}


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def press(member: Member, card: Message, action: str, number: int = 1) -> Interaction:
    return await member.press(card, custom_id=f"bb:{action}:{number}")


async def told(scene: Scene, interaction: Interaction) -> str:
    """What the one who pressed is told, alone."""
    await scene.discord.wait_until(lambda: interaction.followups)
    said = interaction.followups[-1]
    assert said.is_ephemeral
    return said.text


async def until(scene: Scene, number: int = 1, **values: Any) -> Download:
    async def look() -> bool:
        row = await scene.row(number)
        return all(getattr(row, name) == value for name, value in values.items())

    await wait_until(look, description=f"row {number} has {values}")
    return await scene.row(number)


async def failed(scene: Scene, kind: str, error: str, **values: Any) -> Message:
    runner, claim = await scene.claimed()
    told = {"error": error, "error_kind": kind, "failed_stage": "download", **values}
    await runner.settle(claim, Settlement(Status.FAILED, told))
    return await scene.card("❌", error)


def buttons(card: Message) -> list[str]:
    return [one["custom_id"] for one in card.interactive_components if one["type"] == 2]


async def test_who_may_press_is_decided_at_the_click_also_after_a_restart(scene: Scene) -> None:
    bot = await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("next in line")
    assert buttons(card) == ["bb:pause:1", "bb:cancel:1", "bb:info:1"]
    await bot.kill()
    await scene.start_bot()

    assert "not yours" in await told(scene, await press(scene.bob, card, "cancel"))
    assert not (await scene.row()).cancelled

    await press(scene.alice, card, "pause")
    await until(scene, paused=True)
    await scene.card("is paused")
    assert buttons(card) == ["bb:resume:1", "bb:cancel:1", "bb:info:1"]
    await press(scene.alice, card, "resume")
    await until(scene, paused=False)
    await scene.card("next in line")

    await press(scene.moderator, card, "cancel")
    await until(scene, cancelled=True)
    await scene.card("is being cancelled")
    await scene.runner().cancel_waiting()
    await scene.card("was cancelled")
    assert buttons(card) == ["bb:retry:1"]
    assert "not yours" in await told(scene, await press(scene.bob, card, "retry"))
    await press(scene.alice, card, "retry")
    await until(scene, status=Status.PENDING, cancelled=False)
    assert await scene.card("next in line") is card
    assert scene.said() == [card]


async def test_other_guilds_and_forged_numbers_are_refused(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("next in line")
    elsewhere = scene.discord.add_guild("Strangers")
    channel, eve = (
        elsewhere.add_text_channel("media"),
        elsewhere.add_member("eve", roles=(elsewhere.add_role("mods", Permission.ADMINISTRATOR),)),
    )
    await eve.use(channel, "download", url=URL)
    card = await channel.wait_for(lambda one: "#2" in one.text)
    for action, number in (("cancel", 1), ("info", 1), ("cancel", 999), ("pause", 2**53)):
        for one in card.interactive_components:
            if one["custom_id"].startswith("bb:pause"):
                one["custom_id"] = f"bb:{action}:{number}"
        interaction = await press(eve, card, action, number)
        if action == "info":
            assert f"There is no download {number} here." in (await interaction.reply()).text
        else:
            assert f"There is no download {number} here." in await told(scene, interaction)
        next(one for one in card.interactive_components if one["custom_id"].endswith(str(number)))["custom_id"] = (
            "bb:pause:2"
        )
    row = await scene.row()
    assert not row.cancelled
    assert not row.paused


async def test_details_are_shown_to_anybody_of_the_guild_alone(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL, quality="720p")
    card = await scene.card("next in line")
    shown = await (await press(scene.bob, card, "info")).reply()
    assert shown.is_ephemeral
    assert shown.sees_only is scene.bob
    for words in ("cat.mp4", "waits", f"Link: <{URL}>", "quality=720p", "pending · asked"):
        assert words in shown.text
    assert "bb:cancel:1" in buttons(shown)
    assert "not yours" in (await _after(scene, await press(scene.bob, shown, "cancel"), "not yours"))
    mine = await (await press(scene.alice, card, "info")).reply()
    await _after(scene, await press(scene.alice, mine, "pause"), "paused")
    await until(scene, paused=True)


async def _after(scene: Scene, interaction: Interaction, words: str) -> str:
    """What an answer that only one member sees says after it was pressed."""
    await scene.discord.wait_until(lambda: any(words in one.text for one in interaction.messages))
    return next(one.text for one in interaction.messages if words in one.text)


async def test_the_button_of_a_failure_does_what_it_says(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("next in line")
    card = await failed(scene, "TooLarge", "This media has 30 MiB.", download_plan=json.dumps(PLAN))
    assert buttons(card) == ["bb:lower:1", "bb:audio:1", "bb:help:1", "bb:info:1"]
    await press(scene.alice, card, "lower")
    row = await until(scene, status=Status.PENDING)
    assert (row.options, row.error, row.attempts) == ({"quality": "480p"}, None, 0)

    card = await failed(scene, "TooLarge", "It is too large again.", download_plan=json.dumps(PLAN))
    await press(scene.alice, card, "audio")
    row = await until(scene, status=Status.PENDING)
    assert row.options == {"audio": True}

    card = await failed(scene, "LoginRequired", "This media needs a login.")
    assert buttons(card) == ["bb:help:1", "bb:info:1"]
    assert "not yours" in await told(scene, await press(scene.bob, card, "help"))
    assert "can see your question" in await told(scene, await press(scene.alice, card, "help"))
    asked = await scene.card("🙋", "asks the moderators", "This media needs a login.")
    assert asked.reference is card
    assert asked.mentions == []
    assert "asked already" in await told(scene, await press(scene.alice, card, "help"))
    assert len(scene.said()) == 2


async def test_another_quality_begins_anew(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    runner, claim = await scene.claimed()
    await runner.move(claim, Status.DOWNLOADING, title="A cat", download_plan=json.dumps(PLAN))
    card = await scene.card("Planned: 720p, about 28.6 MB, made to fit into 20.0 MB, one file")
    assert "not yours" in await told(scene, await scene.bob.select(card, "480p"))
    await scene.alice.select(card, "480p")
    row = await until(scene, status=Status.PENDING, options={"quality": "480p"})
    assert row.claimed_by is None
    assert not await runner.holds(claim), "the runner that fetched it has lost it"
    assert not await runner.settle(claim, Settlement(Status.DOWNLOADED))
    again, claim = await scene.claimed()
    await again.settle(claim, Settlement(Status.DOWNLOADED))
    await scene.card("ready to be sent")
    assert not any(one["type"] == 3 for one in card.interactive_components)


async def test_a_click_is_answered_although_the_database_is_locked(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("next in line")
    with closing(scene.locked()):
        interaction = await press(scene.alice, card, "cancel")
        assert (await interaction.answer(1)).is_deferred
        assert not (await scene.row()).cancelled
    await until(scene, cancelled=True)
