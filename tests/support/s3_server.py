"""A real S3 protocol on loopback: moto's server, as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from tests.support.processes import free_port

START = 60.0  # seconds; it imports a lot


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A store that is empty after `reset`, and takes any keys until `demand_keys`."""

    url: str

    def reset(self) -> None:
        httpx.post(f"{self.url}/moto-api/reset", timeout=START).raise_for_status()

    def demand_keys(self, wanted: bool) -> None:
        """Whether only the keys of known users are taken; there is no user."""
        count = b"0" if wanted else b"inf"
        httpx.post(f"{self.url}/moto-api/reset-auth", content=count, timeout=START).raise_for_status()


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start it, and end it."""
    port = free_port()
    server = S3Server(url=f"http://127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(server, process)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            server.reset()
            return
        time.sleep(0.1)
    raise RuntimeError("moto's server did not start")
