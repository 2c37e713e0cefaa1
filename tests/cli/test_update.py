"""`bossbotctl update`, against a package index of the test's own and an environment of its own."""

import asyncio
import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cli.commands.update import canaries
from cli.updating.course import Change, update, what_is_new
from cli.updating.installer import Installer, InstallFailed
from core import package_lock
from core.errors import ConfigurationError
from core.package_lock import packages_at_rest, replacing
from core.settings import Settings
from tests.support.processes import wait_until


class Index:
    """A simple index (PEP 503) of tiny wheels."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(self, name: str, version: str, *, code: str = "", requires: Sequence[str] = ()) -> None:
        """A wheel whose package holds `version` and `code`."""
        package = name.replace("-", "_")
        info = f"{package}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
        files = {
            f"{package}/__init__.py": f"__version__ = {version!r}\n{code}\n",
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in files.items())
        files[f"{info}/RECORD"] += f"{info}/RECORD,,\n"
        home = self.directory / name
        home.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(home / f"{package}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that installers use, with the releases of a month ago."""
    directory = tmp_path / "index"
    directory.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(directory)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for name in [name for name in os.environ if name.upper().startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for installer in ("PIP", "UV"):
        monkeypatch.setenv(f"{installer}_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv(f"{installer}_CACHE_DIR", str(tmp_path / "cache" / installer))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_OFFLINE", "0")
    index = Index(directory)
    index.add("yt-dlp", "2026.10.1", requires=['yt-dlp-ejs==0.8.0; extra == "default"'])
    index.add("yt-dlp-ejs", "0.8.0")
    index.add("gallery-dl", "1.32.0", requires=["tiny-requests>=1"])
    index.add("tiny-requests", "1.0.0")
    yield index
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["pip", "uv"])
def installer(
    request: pytest.FixtureRequest, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> Installer:
    """An environment with these releases; for uv, one that has no pip either side."""
    if request.param == "uv":
        monkeypatch.setattr("cli.updating.installer.find_spec", lambda _: None)
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    for wheel in index.directory.glob("*/*.whl"):  # what an installer would do, in a moment
        zipfile.ZipFile(wheel).extractall(site)
    return Installer(str(tmp_path / "venv" / "bin" / "python"))


def new_releases(index: Index, *, code: str = "", ejs: str = "0.9.0") -> None:
    index.add("yt-dlp", "2026.11.1", code=code, requires=[f'yt-dlp-ejs=={ejs}; extra == "default"'])
    index.add("yt-dlp-ejs", "0.9.0")
    index.add("gallery-dl", "1.33.0", requires=["tiny-requests>=2"])
    index.add("tiny-requests", "2.0.0")


def imports(installer: Installer) -> list[str]:
    """The faults of a check that imports both libraries."""
    done = subprocess.run(
        [installer.python, "-c", "import yt_dlp, gallery_dl"], capture_output=True, text=True, check=False
    )
    return [] if done.returncode == 0 else [done.stderr.strip().splitlines()[-1]]


BEFORE = {"yt-dlp": "2026.10.1", "yt-dlp-ejs": "0.8.0", "gallery-dl": "1.32.0", "tiny-requests": "1.0.0"}
AFTER = {"yt-dlp": "2026.11.1", "yt-dlp-ejs": "0.9.0", "gallery-dl": "1.33.0", "tiny-requests": "2.0.0"}


def test_new_releases_are_installed_with_what_goes_with_them(
    index: Index, installer: Installer, tmp_path: Path
) -> None:
    new_releases(index)
    updated = update(installer, tmp_path / "aside", lambda: imports(installer))
    assert updated.faults == ()
    assert {change.name: change.after for change in updated.changes} == AFTER
    assert Change(name="yt-dlp", before="2026.10.1", after="2026.11.1") in updated.changes
    assert dict(installer.environment().versions) == AFTER
    assert not (tmp_path / "aside").exists()


def test_releases_that_do_not_work_are_taken_back_without_the_index(
    index: Index, installer: Installer, tmp_path: Path
) -> None:
    new_releases(index, code="raise RuntimeError('this release is broken')", ejs="0.8.0")

    def check() -> list[str]:
        assert installer.environment().versions["gallery-dl"] == "1.33.0"
        for wheel in index.directory.glob("*/*.whl"):  # the network is gone when it is needed
            wheel.unlink()
        return imports(installer)

    updated = update(installer, tmp_path / "aside", check)
    assert updated.faults == ("RuntimeError: this release is broken",)
    assert dict(installer.environment().versions) == BEFORE
    assert imports(installer) == []
    assert not (tmp_path / "aside").exists()


def test_an_index_that_does_not_answer_is_one_sentence(installer: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP", "UV"):
        monkeypatch.setenv(f"{name}_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(InstallFailed, match=r"^(python\d?|uv) failed: "):
        what_is_new(installer)
    assert dict(installer.environment().versions) == BEFORE


@pytest.mark.parametrize("installer", ["pip"], indirect=True)
async def test_one_update_at_a_time_and_nothing_starts_while_files_are_replaced(
    index: Index, installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    monkeypatch.setattr(package_lock, "PLACE", site)
    monkeypatch.setattr(package_lock, "LOOK_INTERVAL", 0.01)
    new_releases(index)
    with replacing(site):
        starting = asyncio.create_task(packages_at_rest())
        updated = asyncio.create_task(asyncio.to_thread(update, installer, tmp_path / "aside", list))
        lock = site.parent / "boss-bot-update.lock"
        await wait_until(lambda: lock.exists() and lock.read_text() != "")
        with pytest.raises(ConfigurationError, match=rf"runs: process {os.getpid()} on .*, since \d\d:.* UTC"):
            update(installer, tmp_path / "second", list)
        assert not starting.done()
    await starting
    assert {change.name: change.after for change in (await updated).changes} == AFTER
    assert update(installer, tmp_path / "second", list).changes == ()


def test_what_is_installed_here_passes_the_checks_and_a_dead_link_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real libraries, in real extractor processes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOWNLOAD_DIR", str(tmp_path))
    link = "http://127.0.0.1:9/watch"
    faults = canaries(Settings.model_validate({"UPDATE_CANARIES": link}))
    assert len(faults) == 1, "the page of our own was read"
    assert faults[0].startswith(f"{link} could not be read: ")
    monkeypatch.setattr("cli.commands.update.CHECK_TIMEOUT", 0.01)
    assert canaries(Settings.model_validate({})) == ["the checks did not end: TimeoutExpired"]
