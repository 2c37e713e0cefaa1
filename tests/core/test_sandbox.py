"""What a confined child can't do: reach the network, look at our files and processes, take more than its limits."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.children import built_environment, end_child, start_child
from core.sandbox import Files, Network, layers
from core.sandbox_network import GuardedNetwork
from tests.support.processes import gone, wait_until

AUTOGROUP = Path("/proc/self/autogroup")
CHECKOUT = Path(__file__).parents[2]
SHORT = "import os, socket, subprocess, sys, time\ndef does(what):\n    try: exec(what)\n    except Exception as error:"
SHORT += " print(type(error).__name__)\n    else: print('done')\n"

needs_namespaces = pytest.mark.skipif(not layers().namespaces, reason=layers().why_no_namespaces)
needs_landlock = pytest.mark.skipif(not layers().files, reason=layers().why_no_files)


async def run(code: str, *arguments: object, **how: Any) -> tuple[int | None, list[str]]:
    """The exit status and the printed lines of a confined Python program; `does(statement)` prints how that went."""
    # Without the measuring of coverage, which writes a file of its own at the end.
    bare = {name: value for name, value in built_environment().items() if not name.startswith("COVERAGE")}
    argv = [sys.executable, "-c", SHORT + textwrap.dedent(code), *map(str, arguments)]
    child = await start_child(argv, **{"env": bare} | how)
    try:
        out, err = await child.communicate()
    finally:
        await end_child(child)
    return child.returncode, (out + err).decode().split("\n")[:-1]


class Canary:
    """Listens on this machine, and counts who came."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator["Canary"]:
        async with await asyncio.start_server(self._greet, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    async def serve(self, listener: socket.socket) -> None:
        """What `EgressGuard.adopt` does."""
        listener.setblocking(False)
        self.adopted = await asyncio.start_server(self._greet, sock=listener)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.write(b"hello\n")
        writer.close()


CONNECT = "s = socket.create_connection(('{}', {}), 5); print(s.recv(9))"


async def test_a_child_without_network_reaches_nothing_not_even_this_machine() -> None:
    async with Canary().watching() as canary:
        code = f'does("{CONNECT.format("127.0.0.1", canary.port)}")'
        assert (await run(code))[1] == ["b'hello\\n'", "done"]
        _, said = await run(code, network=Network.NONE)
        assert said in (["OSError"], ["PermissionError"])  # without a namespace Landlock refuses TCP
        assert canary.visits == 1


@needs_namespaces
async def test_a_child_without_network_has_no_datagrams_and_no_names_either() -> None:
    code = """
        does("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))")
        does("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('::1', 9))")
        does("socket.create_connection(('example.com', 80))")
        """
    assert (await run(code, network=Network.NONE))[1] == ["OSError", "OSError", "gaierror"]


@needs_namespaces
async def test_a_guarded_child_reaches_the_guard_and_nothing_else() -> None:
    guard = Canary()
    async with Canary().watching() as canary:
        network = GuardedNetwork(guard.serve, canary.port + 1)
        for visits in (1, 2):  # the second child enters what the first one made
            code = f"""
                does("{CONNECT.format("127.0.0.1", canary.port + 1)}")
                does("{CONNECT.format("127.0.0.1", canary.port)}")
                does("{CONNECT.format("192.0.2.1", 80)}")
                """
            _, said = await run(code, network=network, files=Files())
            assert said == ["b'hello\\n'", "done", "ConnectionRefusedError", "OSError"]
            assert (guard.visits, canary.visits) == (visits, 0)
        network.close()
        guard.adopted.close()


@needs_landlock
@pytest.mark.parametrize("network", list(Network))
async def test_a_child_sees_the_files_that_it_is_given_and_no_others(tmp_path: Path, network: Network) -> None:
    secret, given, work = tmp_path / ".env", tmp_path / "given.txt", tmp_path / "work"
    work.mkdir()
    secret.write_text("TOKEN=1")
    given.write_text("media")
    code = """
        secret, given, work = sys.argv[1:]
        for statement in (
            "print(open(given).read())",
            "open(given, 'a')",
            "open(secret)",
            "os.listdir(os.path.dirname(secret))",
            "os.truncate(secret, 0)",
            "os.link(secret, work + '/link')",
            "os.symlink(secret, work + '/symlink'); open(work + '/symlink')",
            "os.unlink(secret)",
            "os.rename(work, secret)",
            "open(work + '/made', 'w').write('x')",
            "os.mkdir(work + '/d'); os.rename(work + '/made', work + '/d/made')",
            "subprocess.run(['cat', secret], check=True, stderr=subprocess.DEVNULL)",
            "open('/dev/null', 'w').write('x')",
        ):
            does(statement)
        """
    files = Files(reads=(given,), writes=(work,))
    status, said = await run(code, secret, given, work, network=network, files=files)
    refused = "PermissionError"
    linked = said[6]
    assert said == [
        *("media", "done", refused, refused, refused, refused, linked, refused, refused, refused),
        *("done", "done", "CalledProcessError", "done"),
    ]
    assert linked in (refused, "OSError")
    assert status == 0
    assert secret.read_text() == "TOKEN=1"
    assert (work / "d" / "made").read_text() == "x"
    assert not (work / "link").exists()


@needs_landlock
async def test_a_child_looks_into_no_process_of_ours_and_signals_none() -> None:
    code = """
        us = f"/proc/{os.getppid()}"
        for statement in (
            f"open('{us}/environ').read()",
            f"open('{us}/mem', 'rb')",
            f"os.listdir('{us}/cwd')",
            f"os.readlink('{us}/fd/0')",
            "open('/proc/self/environ').read()",
        ):
            does(statement)
        """
    refused = ["PermissionError"] * 4
    assert (await run(code, files=Files()))[1] == [*refused, "done"]
    if _landlock_version() >= 6:
        assert (await run("does('os.kill(os.getppid(), 0)')", files=Files()))[1] == ["PermissionError"]


def _landlock_version() -> int:
    from core.sandbox_launcher import landlock_version

    return landlock_version()


@needs_namespaces
@needs_landlock
async def test_a_child_has_no_rights_and_gets_none_back() -> None:
    code = """
        status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        print(int(status["CapEff"], 16), int(status["CapPrm"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"])
        print(os.geteuid() != 0)
        """
    for network in Network:
        _, (rights, ordinary) = await run(code, network=network, files=Files())
        assert rights == "0 0 0 1" or os.geteuid() != 0
        assert rights.startswith("0 0 ")
        assert rights.endswith(" 1")
        assert ordinary == "True" or network is Network.HOST


@pytest.mark.parametrize("how", [{}, {"network": Network.NONE, "files": Files()}])
@pytest.mark.parametrize(
    ("code", "limit", "status", "said"),
    [
        ("while True: pass", {"cpu_seconds": 1}, -signal.SIGKILL, []),
        ("does(\"open('/dev/stdout', 'wb').write(b'')\")", {"file_bytes": 0}, 0, ["done"]),
        ("does('bytearray(400 * 2**20)')", {"memory_bytes": 256 * 2**20}, 0, ["MemoryError"]),
        ("does('bytearray(400 * 2**20)')", {"data_bytes": 256 * 2**20}, 0, ["MemoryError"]),
        ("does('[os.dup(0) for _ in range(99)]')", {"open_files": 64}, 0, ["OSError"]),
        ("print(os.nice(0))", {"niceness": 7}, 0, ["7"]),
        pytest.param(
            *("print(open('/proc/self/autogroup').read().split()[-1])", {"niceness": 7}, 0, ["7"]),
            marks=pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not know sessions"),
        ),
        ("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))", {"open_files": 64}, 0, ["(0, 0)"]),
    ],
)
async def test_a_greedy_child_meets_each_limit(
    code: str, limit: dict[str, int], status: int, said: list[str], how: dict[str, Any]
) -> None:
    assert await run(code, **limit, **how) == (status, said)


async def test_a_file_grows_to_its_limit_and_no_further(tmp_path: Path) -> None:
    code = "does(f\"open('{sys.argv[1]}', 'wb', 0).write(bytes(3000)); open('{sys.argv[1]}', 'ab', 0).write(b'x')\")"
    _, said = await run(code, tmp_path / "large", file_bytes=1000, files=Files(writes=(tmp_path,)))
    assert said == ["OSError"]
    assert (tmp_path / "large").stat().st_size == 1000


FORKING = """
import os, sys
sys.path.insert(0, sys.argv[1])
import asyncio
from core.children import start_child
from core.sandbox import Files, Network
CODE = '''
import os, time
made = 0
try:
    while made < 200:
        if os.fork() == 0: time.sleep(60)
        made += 1
except OSError: print(made < 100)
'''
async def main():
    command = [sys.executable, "-I", "-S", "-c", CODE]
    child = await start_child(command, network=Network.NONE, files=Files(), processes=50)
    print((await child.stdout.readline()).decode().strip(), flush=True)
    os.killpg(child.pid, 9)
    await child.wait()
asyncio.run(main())
"""


@needs_namespaces
def test_a_fork_bomb_of_an_ordinary_user_stops_at_its_limit() -> None:
    assert as_ordinary_user(FORKING) == ["True"]


CONFINED = """
import sys
sys.path.insert(0, sys.argv[1])
import asyncio
from core.children import start_child
from core.sandbox import Files, Network, layers
CODE = '''
import os, socket
def does(what):
    try: what()
    except OSError as error: print(type(error).__name__)
    else: print("done")
does(lambda: socket.create_connection(("127.0.0.1", 1)))
does(lambda: open("/tmp/boss-bot-nobody", "w"))
does(lambda: os.kill(os.getppid(), 0))
does(lambda: open("/etc/passwd"))
'''
async def main():
    print(layers().namespaces, layers().files)
    child = await start_child([sys.executable, "-I", "-S", "-c", CODE], network=Network.NONE, files=Files())
    print((await child.communicate())[0].decode(), end="")
asyncio.run(main())
"""


@needs_namespaces
@needs_landlock
def test_it_holds_for_an_ordinary_user_too() -> None:
    said = as_ordinary_user(CONFINED)
    assert said[:3] == ["True True", "OSError", "PermissionError"]
    assert said[3] == "PermissionError" or _landlock_version() < 6
    assert said[4] == "done"


def as_ordinary_user(code: str, *around: str) -> list[str]:
    """What a program prints that an ordinary user runs; `around` is what runs it."""
    as_user: Sequence[str] = ()
    if os.geteuid() == 0:
        if shutil.which("runuser") is None:
            pytest.skip("no runuser to become an ordinary user with")
        as_user = ("runuser", "-u", "nobody", "--")
    python = next((path for path in (sys.executable, "/usr/bin/python3") if _runs(as_user, path)), None)
    if python is None:
        pytest.skip("an ordinary user can't run a Python with our packages here")
    done = subprocess.run(
        [*as_user, *around, python, "-c", code, str(CHECKOUT / "src")],
        cwd="/",
        env=_packages(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _runs(as_user: Sequence[str], python: str) -> bool:
    try:
        command = [*as_user, python, "-c", "import loguru"]
        return subprocess.run(command, cwd="/", env=_packages(), capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _packages() -> dict[str, str]:
    places = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    return built_environment(PYTHONPATH=places, PYTHONDONTWRITEBYTECODE="1", LOGURU_LEVEL="ERROR")


@needs_namespaces
def test_without_user_namespaces_children_run_and_tcp_is_still_refused() -> None:
    code = """
        sys.path.insert(0, sys.argv[1])
        import asyncio
        from core.children import start_child
        from core.sandbox import Files, Network, layers
        from core.sandbox_network import GuardedNetwork
        open("/proc/sys/user/max_user_namespaces", "w").write("0")
        async def main():
            found = layers()
            print(found.namespaces, bool(found.why_no_namespaces), found.files)
            print(await GuardedNetwork(None, 1).enter())
            code = "import socket; socket.create_connection(('127.0.0.1', 1))"
            child = await start_child([sys.executable, "-c", code], network=Network.NONE)
            print((await child.communicate())[1].decode().splitlines()[-1])
        asyncio.run(main())
        """
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", SHORT + textwrap.dedent(code)]
    done = subprocess.run(
        [*command, str(CHECKOUT / "src")], env=_packages(), capture_output=True, text=True, timeout=60, check=False
    )
    first, second, third = done.stdout.splitlines()
    assert first == f"False True {layers().files}", done.stderr
    assert second == "None"
    assert third.startswith("PermissionError") or _landlock_version() < 4


@needs_landlock
async def test_where_landlock_is_exhausted_the_reason_is_told() -> None:
    """The kernel stacks 16 layers: within as many, another one is refused, as where there is none."""
    code = """
        sys.path.insert(0, sys.argv[1])
        from core import sandbox_launcher
        sandbox_launcher._give_up_rights(None, gain_none=True)
        for _ in range(16):
            sandbox_launcher._shut(([], ["/"]), tcp=True)
        from core.sandbox import layers
        print(layers().files, layers().why_no_files)
        """
    _, said = await run(code, CHECKOUT / "src", env=_packages())
    assert said[0].startswith("False the sandbox does not work any more: ")
    assert "landlock" in said[0]


@pytest.mark.parametrize("network", list(Network))
async def test_a_confined_child_dies_with_us_when_it_shall(network: Network) -> None:
    code = """
        sys.path.insert(0, sys.argv[1])
        import asyncio
        from core.children import start_child
        from core.sandbox import Files, Network
        async def main():
            child = await start_child(["sleep", "600"], network=Network(sys.argv[2]), files=Files(), outlives_us=False)
            print(child.pid, flush=True)
            await child.wait()
        asyncio.run(main())
        """
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SHORT + textwrap.dedent(code), str(CHECKOUT / "src"), network),
        env=_packages(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    await wait_until(lambda: child.name() == "sleep", 30)
    parent.kill()
    await parent.wait()
    await gone(child)


async def test_a_confined_child_is_killed_with_all_that_it_started() -> None:
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    child = await start_child([sys.executable, "-c", code], network=Network.NONE, files=Files())
    assert child.stdout is not None
    grandchild = psutil.Process(int(await child.stdout.readline()))
    await end_child(child, grace=0.1)
    assert child.returncode == -signal.SIGTERM
    await gone(grandchild)


async def test_a_confined_child_keeps_what_it_inherits_and_reads_its_working_directory(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "note").write_text("hello")
    with (tmp_path / "kept").open("w") as kept:
        await run(
            "os.write(int(sys.argv[1]), open('note', 'rb').read())",
            kept.fileno(),
            cwd=work,
            inherit=(kept.fileno(),),
            network=Network.NONE,
            files=Files(),
        )
    assert (tmp_path / "kept").read_text() == "hello"


async def test_a_program_that_is_not_there_or_can_not_run_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        await start_child(["no-such-program"], network=Network.NONE)
    odd = tmp_path / "odd"
    odd.write_text("no program")
    odd.chmod(0o755)
    child = await start_child([odd], network=Network.NONE, files=Files())
    _, said = await child.communicate()
    assert child.returncode == 127
    assert b"Exec format error" in said
