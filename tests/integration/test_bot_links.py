"""Ways to ask: several links at once, sites' own commands, another channel, the menu of a message, links noticed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.asking import prefix, slash, told
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Permission
from tests.support.processes import Programs, wait_until

TWEET = "https://twitter.com/user/status/123"
VIDEO = "https://www.youtube.com/watch?v=jNQXAC9IVRw"
LIST = "https://www.youtube.com/playlist?list=PLBCF2DAC6FFB574DE"


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def rows(scene: Scene, count: int) -> list[str]:
    """The URLs of the downloads in order, once there are so many."""

    async def look() -> bool:
        return len(await scene.queries.newest()) == count

    await wait_until(look, description=f"{count} downloads")
    return [row.url for row in reversed(await scene.queries.newest())]


async def test_each_way_of_asking_becomes_the_row_that_was_meant(scene: Scene) -> None:
    await scene.start_bot()
    clip = "https://media.example/a.mp4?audio=1"
    ways = {
        f"$dl {URL} 720p low": (URL, {"quality": "720p"}, -1),
        f"$download <{URL}> clip=0:30-1:10 items=1-3 audio=yes spoiler=yes": (
            URL,
            {"clip": "0:30-1:10", "items": "1-3", "audio": True, "spoiler": True},
            0,
        ),
        f"$dlt {TWEET} low": (TWEET, {}, -1),
        "$dlr https://redd.it/abc123": ("https://redd.it/abc123", {}, 0),
        f"$yt-download {VIDEO} 1080p": (VIDEO, {"quality": "1080p"}, 0),
        f"$yt-download {VIDEO} 720p True": (VIDEO, {"quality": "720p", "audio": True}, 0),
        f"$yt-playlist {LIST} 720p 5": (LIST, {"quality": "720p", "items": "1-5"}, 0),
    }
    for number, (typed, (url, options, priority)) in enumerate(ways.items(), start=1):
        assert f"#{number}" in await prefix(scene, scene.alice, typed), typed
        row = await scene.row(number)
        assert (row.url, row.options, row.priority, row.upload) == (url, options, priority, True), typed
    assert "#8" in await slash(scene, scene.moderator, "download", url=URL, priority="high", upload=False)
    row = await scene.row(8)
    assert (row.priority, row.upload, row.locale) == (1, False, "en")
    assert "#9" in await slash(scene, scene.bob, "yt-playlist", url=LIST, count=3)
    assert (await scene.row(9)).options == {"items": "1-3"}

    await prefix(scene, scene.bob, f"$dl {URL} {clip} {URL} quality=480p")
    assert (await rows(scene, 11))[9:] == [URL, clip], "each once, and a link is no option"
    assert [(await scene.row(number)).options for number in (10, 11)] == [{"quality": "480p"}] * 2
    shown = {(await scene.row(number)).progress_message_id for number in range(1, 12)}
    assert len(shown) == 11, "each has a message of its own"
    await slash(scene, scene.bob, "download", url=f"{URL} {clip}")
    assert (await rows(scene, 13))[11:] == [URL, clip]


async def test_files_go_to_another_channel_where_the_member_may_post(scene: Scene) -> None:
    other = scene.guild.add_text_channel("other")
    await scene.start_bot()
    assert await slash(scene, scene.alice, "download", url=URL, to=other) == f"➡️ In {other.mention}."
    await other.wait_for(lambda one: "#1" in one.text)
    assert (await scene.row()).channel_id == other.id
    await other.forbid(Permission.ATTACH_FILES)
    refused = await prefix(scene, scene.alice, f"$dl {URL} to={other.mention}")
    assert refused == "❌ This bot lacks permissions in this channel: Attach Files. Ask a moderator."
    assert len(await scene.queries.newest()) == 1


async def test_the_menu_of_a_message_takes_its_links_and_files(scene: Scene) -> None:
    await scene.start_bot()
    text = f"look: [this]({URL}), and https://media.example/b.mp4!"
    message = await scene.bob.write(scene.channel, text, files={"c.mp4": b"x"})
    await scene.alice.use_on(message, "Download media")
    asked = await rows(scene, 3)
    assert asked[:2] == [URL, "https://media.example/b.mp4"]
    assert asked[2] == message.attachments[0].url
    assert {row.user_id for row in await scene.queries.newest()} == {scene.alice.id}
    empty = await scene.bob.write(scene.channel, "nothing here")
    interaction = await scene.alice.use_on(empty, "Download media")
    assert await told(scene, interaction) == "❌ There is no link and no file in this message."


async def test_links_are_noticed_where_the_server_wants_that(scene: Scene) -> None:
    admin = scene.guild.add_admin("admin")
    other = scene.guild.add_text_channel("other")
    await scene.start_bot()
    await scene.alice.write(scene.channel, TWEET)
    on = await slash(scene, admin, "settings detect", channel=scene.channel, on=True)
    assert on == f"👀 Links in {scene.channel.mention} are noticed from now on."

    left_alone = (
        "no link",
        "https://en.wikipedia.org/wiki/Cat",
        f"<{TWEET}>",
        "https://media.example/page",
    )
    for text in left_alone:
        await scene.alice.write(scene.channel, text)
    await scene.alice.write(other, TWEET)
    message = await scene.alice.write(scene.channel, f"see {TWEET} and {URL}")
    assert await rows(scene, 2) == [TWEET, URL]
    card = await scene.card("· #1")
    assert card.reference is message
    await prefix(scene, scene.alice, f"$dl {VIDEO}")
    assert await rows(scene, 3) == [TWEET, URL, VIDEO], "a command is no second wish"

    off = await prefix(scene, admin, f"$settings detect {scene.channel.mention} off")
    assert off == f"Links in {scene.channel.mention} are left alone."
    await scene.alice.write(scene.channel, TWEET)
    await prefix(scene, scene.alice, f"$dl {VIDEO}")
    assert len(await rows(scene, 4)) == 4
