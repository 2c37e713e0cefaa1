"""How much a member reads of a download, and who is pinged at its end; by the real bot, the test plays the runners."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from core.models import Progress, Settlement, Status
from core.preferences import MemberPreferences, Notify
from tests.cogs.scene import UPLOADS, URL, Scene, opened
from tests.support.discord_server import MIB, Message
from tests.support.discord_server.components import walk
from tests.support.processes import Programs

FAILED = Settlement(Status.FAILED, {"error": "The transfer failed.", "error_kind": "TransferError"})


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


def seen(scene: Scene, card: Message) -> list[str]:
    """What the channel saw of a card, one text an edit, without the small print."""
    edits = scene.discord.requests("PATCH", f"/channels/*/messages/{card.id}")
    assert {edit.status for edit in edits} == {200}
    shown = [[one["content"] for one in walk(edit.payload["components"]) if one["type"] == 10] for edit in edits]
    return ["\n".join(line for line in texts[0].splitlines() if not line.startswith("-# ")) for texts in shown]


async def test_each_level_tells_as_much_as_it_promises(scene: Scene) -> None:
    """The same life four times side by side: the edits that the channel saw of each card."""
    await scene.start_bot(PROGRESS_EDIT_INTERVAL="0.5", MAX_CONCURRENT_DOWNLOADS="4")
    members = {level: scene.guild.add_member(level.value) for level in Notify}
    cards: dict[Notify, Message] = {}
    for number, (level, member) in enumerate(members.items(), 1):
        await scene.requests.change_member_preferences(
            member.id, partial(MemberPreferences.model_copy, update={"notify": level})
        )
        answer = await (await member.use(scene.channel, "download", url=URL)).answer()
        assert answer.message is not None
        cards[level] = answer.message
        await scene.row(number)
    await scene.channel.wait_until(lambda _: all("waits" in one.text for one in cards.values()))

    async def loud(*words: str) -> None:
        """Those who want to read it do: so the bot has looked at all four."""
        both = (cards[Notify.NORMAL], cards[Notify.VERBOSE])
        await scene.channel.wait_until(lambda _: all(word in card.text for word in words for card in both))

    rows = [await scene.claimed() for _ in members]
    await loud("looking for the media")
    for runner, claim in rows:
        await runner.move(claim, Status.DOWNLOADING, title="A cat", file_size=4 * MIB, extractor="direct")
    half = Progress(progress=50.0, downloaded_bytes=2 * MIB, download_speed=MIB, eta_seconds=2, activity="downloading")
    await runner.write_progress([(claim, half) for _, claim in rows])
    await loud("50%", "1.0 MB/s", "2 s left", "2.0 MB of 4.0 MB")
    for runner, claim in rows:
        await runner.settle(claim, Settlement(Status.DOWNLOADED))
    rows = [await scene.claimed(UPLOADS) for _ in members]
    for runner, claim in rows:
        await runner.write(claim, activity="sending 1/1")
    await loud("sending 1/1")
    for runner, claim in rows:
        await runner.settle(claim, Settlement(Status.UPLOADED))
    await scene.channel.wait_until(
        lambda _: all("✅" in card.text for level, card in cards.items() if level is not Notify.NONE)
    )
    await scene.channel.wait_until(lambda _: cards[Notify.NONE].deleted)

    minimal = [text.split(" · ")[0] for text in seen(scene, cards[Notify.MINIMAL])]
    assert minimal == ["⏳ **cat.mp4**\nwaits", "🔎 **cat.mp4** is being fetched", "✅ **A cat**"]
    assert seen(scene, cards[Notify.NONE]) == ["⏳ **cat.mp4**\nwaits"]
    normal = seen(scene, cards[Notify.NORMAL])
    order = [
        "waits",
        "looking for the media",
        "`[=========>          ]` 50%",
        "sending 1/1",
        "✅ **A cat** · 4.0 MB in",
    ]
    places = [next(place for place, text in enumerate(normal) if words in text) for words in order]
    assert places == sorted(places)
    assert "\n" not in normal[-1]
    assert len(normal) == len(set(normal)), "only what differs is an edit"
    assert "found by direct" in cards[Notify.VERBOSE].text
    assert len(scene.said()) == 3


async def test_who_wants_it_is_pinged_once_at_the_end_and_nobody_else(scene: Scene) -> None:
    bot = await scene.start_bot()
    await scene.requests.change_member_preferences(scene.alice.id, lambda own: own.model_copy(update={"mention": True}))
    for number, member in enumerate((scene.alice, scene.bob), 1):
        await member.use(scene.channel, "download", url=URL)
        await scene.card(f"#{number}")
    for _ in range(2):
        runner, claim = await scene.claimed()
        await runner.settle(claim, FAILED)
    await scene.channel.wait_until(lambda _: sum("The transfer failed." in one.text for one in scene.said()) == 2)
    ping = await scene.card("❌", scene.alice.mention, "cat.mp4 failed.")
    assert [user.id for user in ping.mentions] == [scene.alice.id]
    assert ping.reference is not None
    assert "#1" in ping.reference.text
    await bot.kill()
    await scene.start_bot()
    await scene.bob.write(scene.channel, "$ping")
    await scene.card("Pong!")
    assert [one for one in scene.said() if one.mentions] == [ping]
    assert len(scene.said()) == 4
