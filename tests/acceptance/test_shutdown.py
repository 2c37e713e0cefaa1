"""However the program is stopped, in whatever it does: rows are given back in time, nothing is left or lost."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing

import psutil
import pytest
from loguru import logger

from pooler.lifecycle import ECHO
from tests.acceptance.house import House, settled
from tests.acceptance.stages import MIB, SLOW, Stages, environment_below
from tests.support.discord_server import DiscordServer
from tests.support.galleries import Galleries, serving
from tests.support.processes import Program, gone, wait_until
from tests.support.swarm import Swarm

IN_TIME = 8.0  # seconds; service managers kill after 10
BUSY = "('extracting', 'downloading', 'uploading')"
WAYS = ("bot", "all", "parent")


@pytest.fixture
async def galleries() -> AsyncIterator[Galleries]:
    async with serving() as galleries:
        yield galleries


def _ready(house: House) -> int:
    """How many runners are there; of a new house nothing but 0 can be asked."""
    return int(house.query("SELECT count(*) FROM runners WHERE kind IN ('download', 'upload')")[0][0])


async def _end_of(process: psutil.Process) -> tuple[float, str]:
    """When a process ended, and which it was."""
    try:
        words = " ".join(process.cmdline()[:4])
    except psutil.Error:
        words = str(process)
    await gone(process, 30)
    return time.monotonic(), words


def stop(bot: Program, way: str) -> None:
    """As Docker does (the first process alone), as systemd does (all at once), or by the death of the first process."""
    if way == "bot":
        bot.send(signal.SIGTERM)
    elif way == "parent":
        bot.send(signal.SIGKILL)
    else:
        for process in (psutil.Process(bot.pid), *bot.children()):
            try:
                process.send_signal(signal.SIGTERM)
            except psutil.NoSuchProcess:
                continue


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
async def test_everything_is_given_back_in_every_stage_at_once(
    discord_house: House, discord: DiscordServer, galleries: Galleries, way: str
) -> None:
    house = discord_house
    settings = environment_below(house.directory) | {"BOSS_BOT_START_RUNNERS": "true"}
    async with Swarm(house.directory / "swarm", {"film.mkv": 64 * MIB}, upload_limit=SLOW) as swarm:
        (bot,) = await house.start("bot", **settings)
        await settled(lambda: _ready(house) == 2, "both runners", 60)
        stages = Stages(house, bot, discord, galleries, swarm)
        await stages.begin()
        ours = [psutil.Process(bot.pid), *bot.children()]
        tries = dict(house.query("SELECT id, attempts FROM downloads"))
        moved_on = stages.elsewhere()
        began = time.monotonic()
        stop(bot, way)
        busy = f"SELECT id, status, activity FROM downloads WHERE status IN {BUSY}"
        await wait_until(lambda: not house.query(busy), 30, description=lambda: str(house.query(busy)))
        given_back = time.monotonic() - began
        ends = await asyncio.gather(*(_end_of(process) for process in ours))
        ended = max(ends)[0] - began
        logger.info("{}: rows given back after {:.2f} s, all processes ended after {:.2f} s", way, given_back, ended)
    assert given_back < IN_TIME
    assert ended < IN_TIME + 2, [(round(at - began, 1), words) for at, words in sorted(ends)[-5:]]
    assert len(moved_on) < 4, moved_on
    for stage in stages.numbers.keys() - moved_on.keys():
        number = stages.numbers[stage]
        row = house.row(number)
        waits = "downloaded" if row["destination"] == "discord" else "pending"
        assert (stage, row["status"], row["claimed_by"], row["attempts"]) == (stage, waits, None, tries[number])
    assert house.query("SELECT name FROM runners WHERE kind <> 'bot'") == []
    assert house.query("PRAGMA integrity_check") == [("ok",)]
    for program in house.started:
        assert "Traceback" not in program.output
    said = [message.text for message in stages.commands.messages]
    assert ["asked-1.bin" in said[0], len(said)] == [True, 1 if way == "parent" else 2], "a kill has no last word"
    assert house.query("SELECT count(*) FROM downloads WHERE url LIKE '%/asked-2.bin'") == [(0,)]
    await house.start("upload", **settings)
    for number in (number for stage, number in stages.numbers.items() if stage.startswith(("an answer", "a rate"))):
        await house.until(number, "uploaded", timeout=60)
        channel = discord.channel(house.row(number)["channel_id"])
        assert [len(message.files) for message in channel.messages] == [1], "it is there once"


async def test_a_second_signal_ends_a_runner_at_once(house: House) -> None:
    """Also one that can't give its rows back, because a shell holds the database: others take them then."""
    url = house.site.add("/file.bin", 64 * MIB, rate=SLOW)
    (runner,) = await house.start("download")
    await settled(lambda: _ready(house) == 1, "the runner", 60)
    number = await house.ask(url, upload=0)
    await house.site.wait_for_bytes("/file.bin", 100_000)
    await house.until(number, "downloading")
    children = runner.children()
    with closing(sqlite3.connect(house.database, isolation_level=None, timeout=10)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        runner.send(signal.SIGTERM)
        await runner.wait_for_output("stopping: SIGTERM")
        await asyncio.sleep(2 * ECHO)  # a second one that comes sooner is an echo of the first
        began = time.monotonic()
        runner.send(signal.SIGTERM)
        assert await runner.wait(5) == 1
        assert time.monotonic() - began < 1
        for child in children:
            await gone(child)
        assert house.row(number)["status"] == "downloading"
    await house.start("download")
    await wait_until(lambda: house.row(number)["epoch"] == 2, 30, description="the next claim")
    assert house.row(number)["attempts"] == 0
