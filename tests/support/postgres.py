"""A PostgreSQL cluster of its own for tests.

    python -m tests.support.postgres -- pytest -m postgresql

starts one on a free port of 127.0.0.1, runs the command with TEST_DATABASE_URL in its environment, stops the cluster,
and exits with the command's status; 3 if PostgreSQL's programs are missing.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.support.processes import free_port

_MISSING = 3
_START_TIMEOUT = 30.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


class PostgresMissing(Exception):
    """PostgreSQL's server programs are not installed."""


def find_programs() -> Path:
    """The directory with initdb and postgres, of the newest version there is.

    Raises:
        PostgresMissing: There is none; says what to install.
    """
    versioned = [*Path("/usr/lib/postgresql").glob("*/bin"), *_homebrew()]
    on_path = shutil.which("initdb")
    candidates = [*sorted(versioned, key=_version, reverse=True), *([Path(on_path).parent] if on_path else [])]
    for directory in candidates:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    raise PostgresMissing(
        "PostgreSQL's initdb and postgres were not found: install the package postgresql (Debian, Ubuntu), "
        "postgresql-server (Fedora) or postgresql@17 (Homebrew)."
    )


@contextmanager
def running_cluster() -> Iterator[str]:
    """Runs a fresh cluster and gives its URL for SQLAlchemy with asyncpg; it and its data go at exit.

    Raises:
        PostgresMissing: PostgreSQL's programs are not installed.
        RuntimeError: initdb or the server failed; with what they wrote.
    """
    programs = find_programs()
    directory = Path(tempfile.mkdtemp(prefix="boss-bot-postgres-"))
    try:
        owner = _owner()
        if owner:
            shutil.chown(directory, owner)
        data = directory / "data"
        _initialise(programs, data, owner)
        with _server(programs, data, owner) as port:
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Runs a command against a cluster and returns its exit status."""
    command = [*arguments[1:]] if arguments[:1] == ["--"] else [*arguments]
    if not command:
        sys.stderr.write("usage: python -m tests.support.postgres -- COMMAND...\n")
        return 2
    signal.signal(signal.SIGTERM, _exit)
    try:
        with running_cluster() as url:
            sys.stderr.write(f"PostgreSQL runs at {url}; TEST_DATABASE_URL is set for: {' '.join(command)}\n")
            sys.stderr.flush()
            return _run(command, {**os.environ, "TEST_DATABASE_URL": url})
    except PostgresMissing as error:
        sys.stderr.write(f"{error}\n")
        return _MISSING


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment)
    try:
        status = child.wait()
    except BaseException:  # Ctrl-C went to the child too; SIGTERM went to us alone
        child.terminate()
        child.wait()
        raise
    return status if status >= 0 else 128 - status


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _homebrew() -> list[Path]:
    return [bin_ for root in ("/opt/homebrew/opt", "/usr/local/opt") for bin_ in Path(root).glob("postgresql*/bin")]


def _version(directory: Path) -> int:
    return int((re.findall(r"\d+", directory.parent.name) or ["0"])[0])


def _owner() -> str | None:
    """Whom PostgreSQL runs as when we are root, whom it refuses."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _popen(argv: Sequence[str | Path], owner: str | None, log: Path) -> subprocess.Popen[bytes]:
    entry = pwd.getpwnam(owner) if owner else None
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            user=entry and entry.pw_uid,
            group=entry and entry.pw_gid,
            extra_groups=entry and [],
        )


def _initialise(programs: Path, data: Path, owner: str | None) -> None:
    log = data.parent / "initdb.log"
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    if _popen([programs / "initdb", "-D", data, *options], owner, log).wait():
        raise RuntimeError(f"initdb failed: {log.read_text(errors='replace').strip()}")


@contextmanager
def _server(programs: Path, data: Path, owner: str | None) -> Iterator[int]:
    """Runs the server in the foreground, in a session of its own, so that Ctrl-C reaches only the command."""
    log, port = data.parent / "server.log", free_port()
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    server = _popen([programs / "postgres", "-D", data, "-p", str(port), *settings], owner, log)
    try:
        _wait_until_ready(data, server, log)
        yield port
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: ends sessions
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(data: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """The last line of postmaster.pid is the server's own word on its state."""
    until = time.monotonic() + _START_TIMEOUT
    state = data / "postmaster.pid"
    while server.poll() is None and time.monotonic() < until:
        if state.exists() and state.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()[-2000:]}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
