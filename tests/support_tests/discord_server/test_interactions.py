"""Answers that are wrong, late or out of order, by clients without manners."""

import json
from typing import Any

import aiohttp
import pytest

from tests.support.discord_server import Channel as ShownChannel
from tests.support.discord_server import (
    DiscordServer,
    Member,
)
from tests.support_tests.discord_server.bots import MediaBot, asked_by_hand, callbacks

"""What the bot's own library would not let it do wrong."""


async def test_a_private_deferral_keeps_its_answer_private_and_takes_files(
    server: DiscordServer, channel: ShownChannel, alice: Member
) -> None:
    interaction, say = await asked_by_hand(server, channel, alice)
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
    server: DiscordServer, channel: ShownChannel, alice: Member, answer: dict[str, Any], status: int
) -> None:
    _, say = await asked_by_hand(server, channel, alice)
    assert await say("callback", answer) == status
    assert await say("callback", {"type": 4, "data": {"content": "better"}}) == 204
    assert [one.content for one in channel.messages] == ["better"]


async def test_a_follow_up_before_the_first_answer_is_refused(
    server: DiscordServer, channel: ShownChannel, alice: Member
) -> None:
    _, say = await asked_by_hand(server, channel, alice)
    assert await say("followup", {"content": "too early"}) == 404


async def test_a_late_first_answer_is_unknown(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
) -> None:
    server.settings.interaction_answer_window = 0
    interaction = await alice.use(channel, "queue list")
    await server.wait_until(lambda: [one for one in callbacks(server) if one == 404])
    with pytest.raises(TimeoutError, match="queue"):
        await interaction.answer(timeout=0.01)


async def test_an_old_token_is_refused(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
) -> None:
    server.settings.interaction_token_window = 0
    await alice.use(channel, "cancel", row="7")
    await server.wait_until(lambda: [one for one in server.requests("POST", "/webhooks/**") if one.status])
    assert server.requests("POST", "/webhooks/**")[0].status == 401


async def test_a_second_first_answer_is_refused(
    server: DiscordServer, bot: MediaBot, channel: ShownChannel, alice: Member
) -> None:
    interaction = await alice.use(channel, "queue list")
    await interaction.answer()
    url = f"{server.api_base}/interactions/{interaction.id}/{interaction.token}/callback"
    async with aiohttp.ClientSession() as session, session.post(url, json={"type": 5}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 40060)
