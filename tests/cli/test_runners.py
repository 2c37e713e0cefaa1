"""`runners` shows who works, and what each waits for."""

import sqlite3
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ctl, Given, Play


def test_processes_are_shown_with_what_they_wait_for_and_what_they_hold(ctl: Ctl, play: Play[Any]) -> None:
    async def script(given: Given) -> None:
        await given.downloader.sign_on(4711)
        await given.claimed()
        await given.downloader.set_state("waiting", "room on the disk of downloads")
        await given.uploader.sign_on(4712)

    assert "No process has signed on." in ctl("runners").out
    play(script)
    out = ctl("runners").out
    for told in ("download", "4711", "here", "waiting: room on the disk of downloads", "4712", "starting"):
        assert told in out
    assert max(map(len, out.splitlines())) <= 80
    assert [(one["kind"], one["state"], one["rows"]) for one in ctl("runners", "--json").json] == [
        ("download", "waiting", 1),
        ("upload", "starting", 0),
    ]
    found = next(one for one in ctl("doctor", "--json").json if one["name"] == "download runner")
    assert found["verdict"] == "warning"
    assert "waiting (room on the disk of downloads)" in found["found"]


def test_a_process_that_is_silent_is_said_to_be(ctl: Ctl, play: Play[Any], sqlite_file: Path) -> None:
    play(lambda given: given.downloader.sign_on(4711))
    assert "silent" not in ctl("runners").out
    with sqlite3.connect(sqlite_file) as connection:
        connection.execute("UPDATE runners SET heartbeat_at = datetime('now', '-1 minute')")
    connection.close()
    assert "silent" in ctl("runners").out
