"""The units of systemd, as systemd itself judges them."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.wheels import ROOT

UNITS = ROOT / "packaging" / "systemd"
WORST = {"boss-bot.service": 25, "boss-bot-runner@.service": 25, "boss-bot-web.service": 16}  # tenths of exposure
NAMES = sorted(path.name for path in UNITS.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with programs that this machine has."""
    for path in UNITS.glob("*.service"):
        text = re.sub(r"/opt/boss-bot/bin/[\w-]+", "/bin/true", path.read_text(encoding="utf-8"))
        name = path.name.replace("@.", "@download.")
        (tmp_path / name).write_text(re.sub("^User=.*$", "User=root", text, flags=re.MULTILINE), encoding="utf-8")
    return tmp_path


@needs_systemd
def test_systemd_understands_every_line(units: Path) -> None:
    files = [str(path) for path in units.glob("*.service")]
    assert len(files) == len(WORST)
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *files], capture_output=True, text=True, timeout=60, check=False
    )
    mine = [line for line in done.stderr.splitlines() if "boss-bot" in line]
    assert (done.returncode, mine) == (0, [])


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_a_unit_is_hardened_as_far_as_its_work_lets_it(units: Path, name: str) -> None:
    file = units / name.replace("@.", "@download.")
    text = file.read_text(encoding="utf-8").replace("User=root", "User=boss-bot")
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", f"--threshold={WORST[name]}", "--json=short", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, [one for one in json.loads(done.stdout) if one.get("exposure")]


def section(name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # its documented use
    parser.read(UNITS / name, encoding="utf-8")
    return dict(parser["Service"])


def test_a_runner_of_its_own_differs_only_in_its_program() -> None:
    bot, runner = section("boss-bot.service"), section("boss-bot-runner@.service")
    assert {key for key in bot.keys() | runner.keys() if bot.get(key) != runner.get(key)} == {"ExecStart"}


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_comes_back_ends_in_order_and_writes_in_one_place(name: str) -> None:
    unit = section(name)
    assert unit["Restart"] == "always"
    assert unit["KillMode"] == "mixed"
    assert int(unit["TimeoutStopSec"]) >= 15  # a runner has up to 10 seconds to give its rows back
    assert unit["WorkingDirectory"] == f"/var/lib/{unit['StateDirectory']}"
    assert unit["ProtectSystem"] == "strict"
    assert "ReadWritePaths" not in unit
