"""What can't be done is said in one sentence, in the one message, and never with a traceback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Fault, Permission
from tests.support.processes import Programs

MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_each_mistake_has_its_sentence(scene: Scene) -> None:
    mistakes = {
        "$download": "`url` is missing. Example: `$download https://example.com/video`",
        "$download <>": "There is no link. Send one that starts with http://, https:// or magnet:.",
        f"$download {URL} upload=perhaps": "`upload` can't be perhaps.",
        f"$download {URL} upload=": "That is not understood. Example: `$download https",
        f"$download {URL} quality=4k": "quality is best, worst, audio, or a height such as 720p.",
        f"$download {URL} quality=[a](https://b.example)": "quality='\\[a](https\\://b.example)' means nothing",
        f"$download {URL} clip=1:00-0:30": "The clip 1:00-0:30 ends before it begins. Write a clip as 0:30-1:10",
        f"$download {URL} items=all": "items is a list of numbers from 1 and of ranges such as 1-5,8.",
        f"$download {URL} audio=perhaps": "`audio` can't be perhaps.",
        '$download "unclosed': "That is not understood.",
        f"$download {MAGNET}": "This bot does not fetch torrents for you.",
        f"$download {URL} perhaps": "perhaps is not understood.",
        f"$download {URL} priority=urgent": "urgent is not possible there. Possible are `low`, `normal`, `high`.",
        f"$download {URL} high": "High priority is for those who manage the queue.",
        f"$download {URL} to=#nowhere": "There is no #nowhere here.",
        "$download " + " ".join(f"https://media.example/{n}" for n in range(11)): "one command takes up to 10",
        f"$dlt {URL}": "This is no link to Twitter/X. For other sites there is `download`.",
        f"$dlr {URL}": "This is no link to Reddit.",
        f"$yt-download {URL}": "This is no link to YouTube.",
        f"$yt-playlist {URL} 720p 0": "0 is not possible there. Example: `$yt-playlist https",
        "$queue move 1 sideways": "sideways is not possible there. Possible are `top`, `up`, `down`, `bottom`.",
        "$info ftp:/x": "This kind of link is not supported.",
        "$help nothing": "There is no command nothing. `help` lists them all.",
        "$stats 24h bot": "The figures of all servers together are for the bot's owner.",
        "$stats yesterday": "yesterday is not possible there. Possible are `24h`, `7d`, `30d`, `1y`, `all`.",
        "$settings role @nobody download=no": "There is no \\@nobody here.",
        "$restart": "You may not do this here.",
        "$runners": "You may not do this here.",
        "$logs": "You may not do this here.",
        "$settings update language=de": "that takes Manage Server, or a role that may.",
        "$me mention=perhaps": "perhaps is neither yes nor no.",
        "$me language=klingon": "This bot does not speak klingon. It speaks `en`",
        "$me quality=huge": "The option quality='huge' means nothing",
        "$cancel": "`id` is missing. Example: `$cancel 12`",
        "$cancel mine": "That is not understood. Example: `$cancel 12`",
        "$cancel 0": "0 is not possible there.",
        "$cancel 99999999999999999999": "is not possible there.",
        "$cancel 7": "There is no download 7 here.",
        "$status 7": "There is no download 7 here.",
    }
    bot = await scene.start_bot()
    for typed, sentence in mistakes.items():
        before = len(scene.said())
        await scene.alice.write(scene.channel, typed)
        message = await scene.card(sentence)
        assert message.content.startswith("❌ "), typed
        assert len(scene.said()) == before + 1, typed
        await scene.moderator.delete(message)
    assert "Traceback" not in bot.output
    assert await scene.queries.newest() == []


async def test_a_faulty_slash_command_is_refused_in_its_own_message(scene: Scene) -> None:
    await scene.start_bot()
    interaction = await scene.alice.use(scene.channel, "download", url="two words")
    message = await scene.card("❌ A link can't have spaces or control characters. Send one link alone.")
    assert interaction.messages == [message]
    await scene.alice.use(scene.channel, "download", url=URL, quality="huge")
    await scene.card("❌ The option quality='huge' means nothing: quality is best, worst, audio, or a height such as")
    assert len(scene.said()) == 2
    assert await scene.queries.newest() == []


async def test_an_unknown_command_is_not_ours_to_answer(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.write(scene.channel, "$5 is too much")
    await scene.alice.write(scene.channel, "$ping")  # answered after the other was read
    await scene.card("Pong!")
    assert len(scene.said()) == 1


async def test_a_full_queue_is_said_and_writes_nothing(scene: Scene) -> None:
    await scene.start_bot(BOSS_BOT_MAX_QUEUE_SIZE="1")
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("#1")
    await scene.bob.use(scene.channel, "download", url=URL)
    await scene.card("❌ The queue is full: 1 downloads wait already. Try again in a few minutes.")
    assert len(await scene.queries.newest()) == 1
    assert len(scene.said()) == 2


async def test_missing_permissions_are_named_before_anything_is_fetched(scene: Scene) -> None:
    await scene.start_bot()
    await scene.channel.forbid(Permission.ATTACH_FILES)
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.alice.write(scene.channel, f"$download {URL}")
    refused = "❌ This bot lacks permissions in this channel: Attach Files. Ask a moderator."
    await scene.channel.wait_until(lambda _: [one.content for one in scene.said()] == [refused, refused])
    assert await scene.queries.newest() == []
    await scene.alice.use(scene.channel, "download-only", url=URL)
    await scene.card("#1")


async def test_a_fault_of_ours_is_logged_and_the_member_reads_one_sentence(scene: Scene) -> None:
    bot = await scene.start_bot()
    scene.discord.fail("PATCH", "/webhooks/**", Fault.status(400))
    await scene.alice.use(scene.channel, "ping")
    await scene.card("❌ Something unexpected happened. The admin finds the details in the log.")
    assert "Traceback" in bot.output
