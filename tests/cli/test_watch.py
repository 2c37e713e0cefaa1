"""`watch` follows the rows as runners move them."""

import signal

from core.models import Progress, Settlement, Status
from tests.cli.conftest import Given, Start


async def test_it_tells_each_change_and_ends_when_all_are_over(given: Given, start: Start) -> None:
    claim = await given.claimed()
    watching = await start("watch", claim.id)
    await watching.wait_for_output("#1 extracting")
    await given.downloader.move(claim, Status.DOWNLOADING, title="A clip")
    progress = Progress(progress=40, downloaded_bytes=4, download_speed=2**20, eta_seconds=6, activity="merging")
    await given.downloader.write_progress([(claim, progress)])
    await watching.wait_for_output("#1 downloading (40 %, 1.0 MiB/s, 6 s left, merging): A clip")
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED))
    upload = await given.uploader.claim()
    assert upload is not None
    await given.uploader.settle(upload, Settlement(Status.UPLOADED))
    assert await watching.wait() == 0
    assert "#1 uploaded: A clip" in watching.output
    assert "\x1b" not in watching.output


async def test_a_failure_is_told_and_gives_exit_status_1(given: Given, start: Start) -> None:
    claim = await given.claimed()
    watching = await start("watch", claim.id)
    await watching.wait_for_output("#1 extracting")
    await given.downloader.settle(claim, Settlement(Status.FAILED, {"error": "It is private."}))
    assert await watching.wait() == 1
    assert "#1 failed (It is private.)" in watching.output


async def test_without_numbers_it_shows_new_rows_until_it_is_interrupted(given: Given, start: Start) -> None:
    watching = await start("watch")
    await watching.wait_for_output("No download and no upload runner is alive")
    claim = await given.claimed("https://a.example/new")
    await watching.wait_for_output("#1 extracting")
    await given.downloader.settle(claim, Settlement(Status.CANCELLED))
    await watching.wait_for_output("#1 cancelled")
    watching.send(signal.SIGINT)
    assert await watching.wait() == 0
    assert "Traceback" not in watching.output


async def test_on_a_terminal_one_table_is_drawn_anew(given: Given, start: Start) -> None:
    claim = await given.claimed()
    watching = await start("watch", claim.id, terminal=True)
    await watching.wait_for_output("extracting")
    await given.downloader.settle(claim, Settlement(Status.FAILED, {"error": "It is private."}))
    assert await watching.wait() == 1
    assert "\x1b[1A" in watching.output  # went up to draw anew
    assert "It is private." in watching.output


async def test_no_color_is_obeyed_on_a_terminal(given: Given, start: Start) -> None:
    await given.row()
    coloured = await start("list", terminal=True)
    plain = await start("list", terminal=True, NO_COLOR="1")
    assert (await coloured.wait(), await plain.wait()) == (0, 0)
    yellow = "\x1b[33m"
    assert yellow in coloured.output
    assert yellow not in plain.output
