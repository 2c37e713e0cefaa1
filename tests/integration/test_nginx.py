"""Stage 3 against Debian's nginx: ranges, limits, TLS, as they are out there."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from core.errors import BossBotError, MediaNotFound, SourceExpired
from core.paths import program_file
from download_module import aria2c_calls, aria2c_daemon
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.plan import Part
from download_module.transfers import Transfer, gid_of
from tests.download_module.given import LOOPBACK, MIB, holds, nothing, payload, transfer
from tests.integration.aria2_given import fetch, left
from tests.support.processes import Programs, free_port, wait_until

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
BODY = payload(12 * MIB, 5)
CONFIG = """
user root; worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {root}/access.log; sendfile on; keepalive_requests 1000;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4;
  scgi_temp_path {root}/t5; limit_conn_zone $binary_remote_addr zone=few:1m;
  server {{
    listen 127.0.0.1:{plain}; root {root}/site;
    location /slow/ {{ alias {root}/site/; limit_rate 2m; }}
    location /few/ {{ alias {root}/site/; limit_conn few 3; limit_rate 4m; }}
    location /whole/ {{ alias {root}/site/; max_ranges 0; }}
    location /circle {{ return 302 /circle; }}
    location /moved {{ return 302 /big.bin; }}
    location /closing/ {{ alias {root}/site/; keepalive_timeout 0; }}
  }}
  server {{
    listen 127.0.0.1:{tls} ssl; root {root}/site;
    ssl_certificate {root}/good.pem; ssl_certificate_key {root}/key.pem;
  }}
  server {{
    listen 127.0.0.1:{stranger} ssl; root {root}/site;
    ssl_certificate {root}/other.pem; ssl_certificate_key {root}/key.pem;
  }}
}}
"""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (Path(NGINX).exists() and shutil.which("openssl")), reason="there is no nginx or openssl"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """A running one."""

    root: Path
    plain: str
    tls: str
    stranger: str  # with a certificate that nobody vouches for

    def requests(self, path: str) -> int:
        """How many requests for a path it has answered."""
        return (self.root / "access.log").read_text().count(f"GET {path} ")

    def continued(self, path: str) -> int:
        """How many bytes it has sent in answer to requests for ranges of a path."""
        lines = [line.split() for line in (self.root / "access.log").read_text().splitlines()]
        return sum(int(line[9]) for line in lines if line[6] == path and line[8] == "206")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nginx(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nginx]:
    root = tmp_path_factory.mktemp("nginx")
    (root / "site").mkdir()
    BODY.write_to(root / "site" / "big.bin")
    for number in range(100):
        payload(20_000 + number, number).write_to(root / "site" / f"{number}.jpg")
    _certificate(root, "good")
    _certificate(root, "other")
    ports = {name: free_port() for name in ("plain", "tls", "stranger")}
    (root / "nginx.conf").write_text(CONFIG.format(root=root, **ports))
    async with Programs(root / "logs") as programs:
        await programs.start((NGINX, "-c", root / "nginx.conf", "-p", root), name="nginx")
        urls = {name: f"{'http' if name == 'plain' else 'https'}://127.0.0.1:{port}" for name, port in ports.items()}
        running = Nginx(root=root, **urls)
        for port in ports.values():
            await wait_until(lambda port=port: _listens(port), description="nginx")  # type: ignore[misc]
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def daemon(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aria2cDaemon]:
    """One that trusts the good certificate, as it would one of a public authority."""
    ours = program_file("aria2.conf").read_text()
    (nginx.root / "aria2.conf").write_text(f"{ours}\nca-certificate={nginx.root}/good.pem\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aria2c_daemon, "program_file", nginx.root.joinpath)
        daemon = Aria2cDaemon(tmp_path_factory.mktemp("runtime"))
        await daemon.start()
    yield daemon
    await daemon.stop()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _certificate(root: Path, name: str) -> None:
    """Signed by itself, for the one key."""
    key = root / "key.pem"
    made = ["-key", str(key)] if key.exists() else ["-newkey", "rsa:2048", "-noenc", "-keyout", str(key)]
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        ["openssl", "req", "-x509", *made, *subject, "-out", root / f"{name}.pem"], check=True, capture_output=True
    )


@pytest.mark.parametrize("path", ["/big.bin", "/slow/big.bin", "/whole/big.bin", "/moved", "/closing/big.bin"])
async def test_a_file_arrives_with_ranges_and_without(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, nginx: Nginx, tmp_path: Path, path: str
) -> None:
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", nginx.plain + path))
    assert holds(file, BODY)
    assert left(daemon) == []


async def test_a_rate_for_each_connection_is_passed_by_with_many(
    downloader: Aria2cDownloader, nginx: Nginx, tmp_path: Path
) -> None:
    before = nginx.requests("/slow/big.bin")
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", f"{nginx.plain}/slow/big.bin", size=BODY.size))
    assert holds(file, BODY)
    assert nginx.requests("/slow/big.bin") - before > 4


async def test_a_host_that_takes_few_connections_and_answers_503_to_more(
    downloader: Aria2cDownloader, nginx: Nginx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(aria2c_calls.OPTIONS, "retry-wait", "1")
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", f"{nginx.plain}/few/big.bin"))
    assert holds(file, BODY)


async def test_small_files_share_their_connections(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, nginx: Nginx, tmp_path: Path
) -> None:
    transfers = [transfer(tmp_path / f"{n}.part", f"{nginx.plain}/{n}.jpg", position=n) for n in range(100)]
    files = await fetch(downloader, *transfers)
    assert all(holds(file, payload(20_000 + n, n)) for n, (file,) in enumerate(files))
    assert all(nginx.requests(f"/{number}.jpg") == 1 for number in range(100)), "none is split"
    assert left(daemon) == []


async def test_a_transfer_that_was_interrupted_goes_on_where_it_was(
    downloader: Aria2cDownloader, nginx: Nginx, tmp_path: Path
) -> None:
    url = f"{nginx.plain}/slow/big.bin"
    plan = await DirectExtractor(LOOPBACK).extract(url)
    target = tmp_path / "0.part"
    given = Transfer(
        gid=gid_of(1, 1, 0),
        part=plan.parts[0],
        target=target,
        restart=nothing,
        drop=nothing,
        finish=nothing,
        connections=1,
    )
    fetching = asyncio.create_task(fetch(downloader, given))
    await wait_until(lambda: target.exists() and target.stat().st_size > 4 * MIB)
    fetching.cancel()
    await asyncio.wait([fetching])
    assert target.with_name("0.part.aria2").stat().st_size > 0
    before = nginx.continued("/big.bin")
    again = Part(uris=(f"{nginx.plain}/big.bin",), headers=plan.parts[0].headers, size=BODY.size)  # another mirror
    ((file,),) = await fetch(downloader, replace(given, gid=gid_of(1, 2, 0), part=again))
    assert holds(file, BODY)
    # aria2 first asks for all of it, and hangs up when it knows how long it is.
    assert 0 < nginx.continued("/big.bin") - before < BODY.size - 3 * MIB


@pytest.mark.parametrize(
    ("path", "error"), [("/gone", SourceExpired), ("/circle", BossBotError), ("/site/../../etc/passwd", BossBotError)]
)
async def test_a_refusal_is_told(
    downloader: Aria2cDownloader, nginx: Nginx, tmp_path: Path, path: str, error: type[BossBotError]
) -> None:
    with pytest.raises(error):
        await fetch(downloader, transfer(tmp_path / "0.part", nginx.plain + path))


async def test_tls_is_spoken(downloader: Aria2cDownloader, nginx: Nginx, tmp_path: Path) -> None:
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", f"{nginx.tls}/big.bin"))
    assert holds(file, BODY)


@pytest.mark.parametrize("where", ["stranger", "plain"])
async def test_a_server_that_nobody_vouches_for_is_not_fetched_from(
    downloader: Aria2cDownloader,
    nginx: Nginx,
    tmp_path: Path,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(aria2c_calls.OPTIONS, "max-tries", "1")
    base = nginx.stranger if where == "stranger" else nginx.plain.replace("http:", "https:")
    with pytest.raises(MediaNotFound, match="no valid certificate"):
        await fetch(downloader, transfer(tmp_path / "0.part", f"{base}/big.bin"))
    assert not (tmp_path / "0.part").exists() or not (tmp_path / "0.part").stat().st_size
