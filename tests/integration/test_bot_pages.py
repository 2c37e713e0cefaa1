"""What can be read: settings, statistics, sites, help, and the owner's pages."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.history import History
from core.models import Settlement, Status
from core.preferences import BarStyle, Notify
from tests.cogs.asking import prefix, slash, told
from tests.cogs.scene import UPLOADS, URL, Scene, opened
from tests.support.processes import Programs, wait_until


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_a_member_has_settings_of_his_own_and_the_server_has_defaults(scene: Scene) -> None:
    admin = scene.guild.add_admin("admin")
    await scene.start_bot()
    shown = await prefix(scene, scene.alice, "$dls")
    for words in ("Your settings", "normal: progress", "Automatic retries: yes", "Total downloads today: 0"):
        assert words in shown, (words, shown)
    choices = "notify=verbose quality=480p priority=low mention=yes auto_retry=no bar=dots"
    assert (await prefix(scene, scene.alice, f"$me {choices}")).startswith("✅ Changed.")
    mine = await scene.queries.member_preferences(scene.alice.id)
    assert (mine.notify, mine.quality, mine.priority, mine.bar) == (Notify.VERBOSE, "480p", -1, BarStyle.DOTS)
    assert (mine.mention, mine.auto_retry) == (True, False)
    assert "#1" in await slash(scene, scene.alice, "download", url=URL)
    row = await scene.row()
    assert (row.options, row.priority, row.auto_retry) == ({"quality": "480p"}, -1, False)
    assert "#2" in await slash(scene, scene.alice, "download", url=URL, audio=True, priority="normal")
    row = await scene.row(2)
    assert (row.options, row.priority) == ({"audio": True}, 0)

    changed = "✅ Changed. `settings view` shows all."
    assert await slash(scene, admin, "settings update", quality="720p", notify="none", repost=True) == changed
    assert "#3" in await slash(scene, scene.bob, "download", url=URL)
    assert (await scene.row(3)).options == {"quality": "720p"}
    private = await scene.bob.use(scene.channel, "me", quality="default")
    assert "Default quality: 720p" in await told(scene, private)
    assert private.messages[0].is_ephemeral
    page = await prefix(scene, scene.bob, "$settings view")
    assert "Default quality: 720p" in page
    assert "Media that was posted here already: posted again" in page
    said = await prefix(scene, admin, "$settings update")
    assert said == "❌ Say what to change: language, notify, quality or repost."


async def test_everybody_is_answered_in_his_language(scene: Scene) -> None:
    admin = scene.guild.add_admin("admin")
    await scene.start_bot()
    await slash(scene, scene.alice, "me", language="Deutsch")
    english = await prefix(scene, scene.bob, "$me")
    german = await prefix(scene, scene.alice, "$me")
    assert "Language: as your Discord has it" in english
    assert "Deutsch" in german
    assert (await prefix(scene, scene.alice, "$me language=default")).startswith("✅")
    assert await slash(scene, admin, "settings update", language="de")
    assert "#1" in await prefix(scene, scene.bob, f"$dl {URL}")
    assert (await scene.row()).locale == "de"
    assert {one["value"] for one in await scene.alice.autocomplete(scene.channel, "me", "language", "")} >= {"de", "en"}


async def test_figures_tell_how_downloads_ended(scene: Scene) -> None:
    owner = scene.guild.add_member("owner", user=scene.discord.owner)
    await scene.start_bot()
    assert "Nothing was asked for." in await slash(scene, scene.alice, "stats")
    for number in (1, 2, 3):
        await scene.alice.use(scene.channel, "download", url=URL)
        await scene.card(f"#{number}")
    runner, claim = await scene.claimed()
    await runner.enter_site(claim, site="youtube", media_id="a")
    await runner.move(claim, Status.DOWNLOADING)
    await runner.settle(claim, Settlement(Status.DOWNLOADED, {"file_size": 2**20}))
    uploader, claim = await scene.claimed(UPLOADS)
    await uploader.settle(claim, Settlement(Status.UPLOADED))
    runner, claim = await scene.claimed()
    await runner.enter_site(claim, site="youtube", media_id="b")
    failed = {"error_kind": "LoginRequired", "error": "This secret film needs a login."}
    await runner.settle(claim, Settlement(Status.FAILED, failed))

    stats = await slash(scene, scene.alice, "stats")
    for words in ("the last 24 hours", "✅ 1 done", "❌ 1 failed", "⏳ 1 waiting", "Success: 50 %", "Fetched: 1.0 MB"):
        assert words in stats, (words, stats)
    assert "youtube: 1 of 2" in stats
    assert "✅ 1 done" in await prefix(scene, scene.bob, "$stats all")
    assert "YouTube in the last 7 days" in await prefix(scene, scene.bob, "$yt-stats")
    await History(scene.database).roll_up()
    month = await slash(scene, scene.alice, "stats", period="30d")
    for words in ("the last 30 days", "✅ 1 done", f"{29 * '▁'}█ at most 1 in a day"):
        assert words in month, (words, month)
    assert "✅ 1 done" in await slash(scene, owner, "stats", of="bot")
    sites = await slash(scene, scene.bob, "sites")
    assert "⚠️ youtube: 1 of 2 · 1.0 MB · This media is private or needs a login." in sites
    assert "reddit" in sites
    await scene.database.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE site_health SET state = 'open', probe_at = '2099-01-01 00:00:00' WHERE site = 'youtube'"
        )
    )
    down = await slash(scene, scene.bob, "sites")
    assert "⛔ youtube: fails for everybody, 0 of 1 · tried again <t:4070908800:R> · worked <t:" in down
    elsewhere = scene.discord.add_guild("Elsewhere")
    other = elsewhere.add_text_channel("media")
    stranger = elsewhere.add_member("stranger")
    assert "Nothing was asked for." in await told(scene, await stranger.use(other, "stats"))


async def test_help_has_usage_examples_and_notes(scene: Scene) -> None:
    await scene.start_bot()
    overview = await prefix(scene, scene.alice, "$dlh")
    for words in ("`/download` Post the media", "`$dlt` ", "`/queue move`", "`/settings view`"):
        assert words in overview, (words, overview)
    assert "restart" not in overview
    page = await slash(scene, scene.alice, "help", command="dlt")
    assert page.startswith("**$dlt: Post the media of a Twitter/X link here.**\nUsage: `$dlt <url> [quality=...]")
    assert "Examples:\n`$dlt https://twitter.com/user/status/123`\n" in page
    assert "Notes:\n- Takes posts, threads and profiles." in page
    assert "Up to 5 times a minute, 10 s apart." in page
    assert "Usage: `$queue move <id> <to>`" in await prefix(scene, scene.alice, "$help queue move")
    assert "`$queue clear`" in await prefix(scene, scene.alice, "$help /queue")
    assert "`$dl`" in await prefix(scene, scene.alice, "$help download")
    found = await scene.alice.autocomplete(scene.channel, "help", "command", "settings r")
    assert found == [{"name": "settings role", "value": "settings role"}]


async def test_the_owner_reads_the_log_and_restarts_the_bot(scene: Scene) -> None:
    owner = scene.guild.add_member("owner", user=scene.discord.owner)
    bot = await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=f"{URL}?token=hidden")
    await scene.card("#1")
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.FAILED, {"error_kind": "LoginRequired", "error": "Needs a login."}))
    logs = await owner.use(scene.channel, "logs")
    text = await told(scene, logs)
    assert logs.messages[0].is_ephemeral
    for words in ("registered the commands", "asked download=1", "❌ `#1` cat.mp4: LoginRequired, Needs a login."):
        assert words in text, (words, text)
    assert "hidden" not in text
    assert scene.discord.token not in text
    assert "restart them where they were" in await slash(scene, owner, "restart")
    await owner.write(scene.channel, "$runners")
    known = await owner.dm.wait_for(lambda one: "No runner has signed on." in one.content)
    assert known.content.startswith(f"🟢 bot · {socket.gethostname()} · pid {bot.pid} · ready · since")

    identified = scene.discord.identifies
    assert await slash(scene, owner, "restart", what="bot") == "🔄 The bot restarts. It is back in a few seconds."

    async def back() -> bool:
        return scene.discord.identifies > identified and "beginning anew" in bot.output

    await wait_until(back, timeout=30)
    assert "Pong!" in await prefix(scene, scene.alice, "$ping")
