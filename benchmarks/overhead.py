"""A runner against plain aria2c with the same options, on a 1 GiB file that nginx serves on loopback."""

import asyncio
import shutil
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.install import Installation, installed
from download_module.aria2c_calls import OPTIONS
from tests.support.processes import Programs, free_port, wait_until

SIZE = 1024**3
ROUNDS = 5
NGINX = """
worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{port}; root {directory}/site; }} }}
"""


async def measure() -> list[Figure]:
    """Wall time of both, in turns."""
    ours, plain = [], []
    with TemporaryDirectory() as name:
        directory = Path(name)
        async with Programs(directory / "logs") as programs, installed("download") as here:
            url = await _serve(programs, directory)
            for _ in range(ROUNDS):
                plain.append(await _plain(programs, url, directory / "plain"))
                ours.append(await _ours(here, url))
    ratio = statistics.median(ours) / statistics.median(plain)
    told = f"{ratio:.2f} times ({statistics.median(ours):.2f} s against {statistics.median(plain):.2f} s, n = {ROUNDS})"
    return [Figure("1 GiB from loopback, INSERT to `downloaded`, against plain `aria2c`", told, "at most 1.05 times")]


async def _serve(programs: Programs, directory: Path) -> str:
    (directory / "site").mkdir()
    directory.chmod(0o755)
    with (directory / "site" / "big.bin").open("wb") as file:
        chunk = bytes(range(256)) * 4096
        for _ in range(SIZE // len(chunk)):
            file.write(chunk)
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(NGINX.format(directory=directory, port=port))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    await programs.start((nginx, "-c", config, "-p", directory), name="nginx")

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await wait_until(listens, 10, description="nginx")
    return f"http://127.0.0.1:{port}/big.bin"


async def _plain(programs: Programs, url: str, target: Path) -> float:
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    argv = (
        "aria2c",
        "--no-conf",
        "--quiet",
        "--auto-save-interval=1",
        *options,
        f"--dir={target}",
        "--out=big.bin",
        url,
    )
    began = time.monotonic()
    program = await programs.start(argv, name="aria2c")
    assert await program.wait(120) == 0, program.output
    took = time.monotonic() - began
    shutil.rmtree(target)
    return took


async def _ours(here: Installation, url: str) -> float:
    began = time.monotonic()
    row_id = here.ask(url)
    took = await here.until(row_id, "downloaded", every=0.005) - began
    shutil.rmtree(here.directory / "downloads" / str(row_id))
    return took
