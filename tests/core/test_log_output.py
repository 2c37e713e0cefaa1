"""A log that can't be written loses lines, and nothing else."""

import os
import sys
from pathlib import Path

import pytest

from core.logs import Output
from tests.support.processes import Programs, wait_until
from tests.support.small_disk import fill, small_disk

TALKS = """
import sys
from loguru import logger
from core.logs import setup_logging

setup_logging("test", style="json")
for line in sys.stdin:
    logger.info("line {}", line.strip())
    print("did", line.strip(), flush=True)
"""


async def test_a_full_disk_loses_lines_of_the_log_and_stops_nobody(tmp_path: Path, programs: Programs) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        log, said = disk / "log", tmp_path / "said"
        os.mkfifo(tmp_path / "in")
        command = f'exec "$1" -c "$2" <in >>"{said}" 2>>"{log}"'
        talker = await programs.start(["sh", "-c", command, "sh", sys.executable, TALKS], cwd=tmp_path)
        with (tmp_path / "in").open("w", buffering=1) as talk:
            talk.write("1\n")
            await _said(said, 1)
            ballast = fill(disk)
            for number in range(2, 202):  # more than fits into what was begun
                talk.write(f"{number}\n")
            await _said(said, 201)
            assert talker.running
            ballast.unlink()
            talk.write("202\n")
            await _said(said, 202)
        assert await talker.wait() == 0
        text = log.read_text()
        assert '"line 1"' in text
        assert '"line 202"' in text
        assert " lines of the log were lost: no room)" in text


async def _said(path: Path, number: int) -> None:
    await wait_until(lambda: path.exists() and f"did {number}\n" in path.read_text(), 20)


def test_a_closed_stream_stops_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as closed:
        pass
    monkeypatch.setattr(sys, "stderr", closed)
    out = Output()
    out.write("lost\n")
    with (tmp_path / "log").open("w") as opened:
        monkeypatch.setattr(sys, "stderr", opened)
        out.write("found\n")
    assert (tmp_path / "log").read_text() == "(1 lines of the log were lost: no room)\nfound\n"
