"""The proof of death: the kernel's lock, not a heartbeat."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from core.alive import Alive
from tests.support.processes import Programs, gone, wait_until

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from core.alive import Alive

alive = Alive(Path(sys.argv[1]), "download")
child = subprocess.Popen(["sleep", "600"], pass_fds=(alive.fd,))
print(f"{alive.name} {child.pid}.", flush=True)
time.sleep(600)
"""


async def test_a_killed_process_is_dead_only_when_its_children_are(tmp_path: Path, programs: Programs) -> None:
    holder = await programs.start([sys.executable, "-c", HOLDER, str(tmp_path)])
    await holder.wait_for_output(".\n")
    name, child = holder.output.strip().rstrip(".").split()
    with Alive(tmp_path, "download") as alive:
        assert not alive.proves_dead(name)

        await holder.kill()
        assert psutil.pid_exists(int(child))
        assert not alive.proves_dead(name), "its child may still write files"

        os.kill(int(child), signal.SIGKILL)
        await gone(int(child))
        await wait_until(lambda: alive.proves_dead(name))
        assert alive.proves_dead(name), "and it stays dead, whoever asks"


def test_a_stopped_process_is_not_dead_and_a_closed_one_is(tmp_path: Path) -> None:
    with Alive(tmp_path, "download") as one:
        other = Alive(tmp_path, "upload")
        assert not one.proves_dead(other.name)
        other.close()
        assert one.proves_dead(other.name)


@pytest.mark.parametrize("name", ["download@elsewhere:1:abc", "", "../../etc/passwd", "a\0b", "x" * 5000, "runner\n"])
def test_what_is_not_known_here_is_not_proved_dead(tmp_path: Path, name: str) -> None:
    with Alive(tmp_path, "download") as alive:
        assert not alive.proves_dead(name)


def test_nobody_proves_himself_dead_and_every_name_is_new(tmp_path: Path) -> None:
    with Alive(tmp_path, "download") as one, Alive(tmp_path, "download") as two:
        assert not one.proves_dead(one.name)
        assert one.name != two.name
        assert not one.proves_dead(two.name)
