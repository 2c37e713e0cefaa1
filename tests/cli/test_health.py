"""`health` tells a service manager whether the processes live."""

import sqlite3
from pathlib import Path
from typing import Any

from core.models import RunnerState
from tests.cli.conftest import Ctl, Given, Play

SILENT = "UPDATE runners SET heartbeat_at = datetime('now', '-60 seconds') WHERE kind = 'upload'"


def test_it_fails_until_both_runners_are_ready_and_when_one_goes_silent(
    ctl: Ctl, play: Play[Any], sqlite_file: Path
) -> None:
    async def sign_on(given: Given) -> None:
        await given.downloader.sign_on(1)
        await given.uploader.sign_on(2)
        await given.uploader.set_state(RunnerState.WAITING, "for room on the disk")

    async def get_ready(given: Given) -> None:
        await given.downloader.set_state(RunnerState.READY)
        await given.downloader.heartbeat()

    nobody = ctl("health", "--json")
    assert (nobody.status, nobody.json["faults"]) == (1, ["download: not running", "upload: not running"])
    play(sign_on)
    assert ctl("health").out == "download: still starting\n"
    assert ctl("health", "--kind", "upload").status == 0
    play(get_ready)
    well = ctl("health")
    assert (well.status, well.out) == (0, "download, upload: alive\n")
    with_bot = ctl("health", BOSS_BOT_DISCORD_TOKEN="one")
    assert (with_bot.status, with_bot.out) == (1, "bot: not running\n")

    with sqlite3.connect(sqlite_file) as database:
        database.execute(SILENT)
    assert ctl("health", BOSS_BOT_DISCORD_TOKEN="").out == "upload: silent for 1 min\n"
