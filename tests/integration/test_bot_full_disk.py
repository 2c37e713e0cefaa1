"""The disk of the bot's database is full: members are told, and what was acknowledged is kept."""

import shutil
from pathlib import Path

from tests.cogs.scene import opened
from tests.support.processes import Programs
from tests.support.small_disk import fill, small_disk

URL = "https://media.example/clip.mp4"


async def test_a_member_reads_that_nothing_was_noted_and_the_next_one_is_served(
    sqlite_file: Path, tmp_path: Path, programs: Programs
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        database = Path(shutil.copy(sqlite_file, disk / "boss-bot.db"))
        async with opened(database, programs) as scene:
            bot = await scene.start_bot(BOSS_BOT_DATA_DIR=str(tmp_path / "data"))
            await scene.alice.use(scene.channel, "download", url=URL)
            await scene.card("next in line", timeout=30)
            ballast = fill(disk)
            await scene.bob.use(scene.channel, "download", url=URL)
            refused = await scene.card("❌ The disk of this bot is full", timeout=30)
            assert "Ask again later." in refused.text
            assert bot.running
            ballast.unlink()
            await scene.bob.use(scene.channel, "download", url="https://media.example/other.mp4")
            assert (await scene.row(2)).url == "https://media.example/other.mp4"
            assert (await scene.row(1)).url == URL
            assert "Traceback" not in bot.output
