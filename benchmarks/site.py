"""nginx on loopback with files to fetch: at full speed, throttled, and with latency before each answer."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.processes import Programs, free_port, wait_until

MIB = 1024 * 1024
MODULES = Path("/usr/lib/nginx/modules")
CONFIG = """
load_module {modules}/ngx_http_echo_module.so;
worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; root {root};
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; application/metalink4+xml meta4; }}
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location /late/ {{ echo_sleep 0.05; echo_exec @file; }}
    location @file {{ rewrite ^/late/(.*)$ /$1 break; }}
    location /throttled/ {{ limit_rate 2000000; alias {root}/; }}
    location / {{ }}
  }}
}}
"""

PICTURE = b"\xff\xd8\xff\xe0"  # else one of thousands begins as a program does, and is refused


@dataclass(frozen=True, slots=True)
class Site:
    """A server and the directory that it serves; `late/` and `throttled/` before a path have the same files."""

    root: Path
    base: str
    programs: Programs

    def add(self, name: str, size: int) -> str:
        """A file of random bytes, which begin as those of a picture when it is called one; its URL."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            magic = PICTURE if name.endswith(".jpg") else b""
            file.write(magic)
            for begin in range(len(magic), size, MIB):
                file.write(os.urandom(min(MIB, size - begin)))
        return f"{self.base}/{name}"


@asynccontextmanager
async def served() -> AsyncIterator[Site]:
    """A site that is ready."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        root = directory / "site"
        root.mkdir()
        async with Programs(directory / "logs") as programs:
            port = free_port()
            config = directory / "nginx.conf"
            config.write_text(CONFIG.format(modules=MODULES, directory=directory, root=root, port=port))
            nginx = shutil.which("nginx") or "/usr/sbin/nginx"
            await programs.start((nginx, "-c", config, "-p", directory), name="nginx")
            await wait_until(lambda: _listens(port), 10, description="nginx")
            yield Site(root, f"http://127.0.0.1:{port}", programs)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
