"""`bossbotctl storage clean --deep` removes what no download knows only when a person, or his script, says so."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ON_A_TERMINAL, PROGRAM, Ctl


@pytest.fixture
def orphan(tmp_path: Path) -> Path:
    """A directory that no download knows, old enough."""
    path = tmp_path / "downloads" / "81" / "2026-09-30" / "7"
    path.mkdir(parents=True)
    os.utime(path, (0, 0))
    return path


def test_a_script_says_yes_or_only_looks(ctl: Ctl, orphan: Path) -> None:
    refused = ctl("storage", "clean", "--deep")
    assert (refused.status, "give --yes" in refused.err, orphan.exists()) == (1, True, True)
    assert ctl("storage", "clean").status == 0
    looked = ctl("storage", "clean", "--deep", "-n", "--json")
    assert ([one["path"] for one in looked.json["removed"]], orphan.exists()) == ([str(orphan)], True)
    assert (ctl("storage", "clean", "--deep", "--yes").status, orphan.exists()) == (0, False)


async def test_a_person_is_asked(orphan: Path, here: Path, environment: dict[str, str]) -> None:
    for answer in (b"n\n", b"y\n"):
        assert orphan.exists()
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ON_A_TERMINAL, sys.executable, "-c", PROGRAM, "storage", "clean", "--deep"),
            cwd=here,
            env={**os.environ, **environment, "TERM": "xterm"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        async with asyncio.timeout(30):
            await program.stdout.readuntil(b"[y/N]: ")
        program.stdin.write(answer)
        shown = await asyncio.wait_for(program.stdout.read(), 30)
        program.stdin.close()
        assert await program.wait() == (answer == b"n\n"), shown.decode()
    assert not orphan.exists()
