"""Nothing inside is reached, however its address is written and whoever meets it: the catalogue, with the real runner.

One runner takes all cases in network namespaces in which every address is a canary (`sealed_run`).
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.address_cases import TRICKS, Case, catalogue

NEW = ("user", "map-root-user", "net", "mount", "pid", "fork", "mount-proc", "kill-child")
UNSHARE = ("unshare", *(f"--{name}" for name in NEW))
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of all rows, and what the canaries heard."""
    tried = shutil.which("unshare") and subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    if not tried or tried.returncode:
        pytest.skip("user and network namespaces can't be made here: `unshare --user --net` fails")
    directory = tmp_path_factory.mktemp("sealed")
    database = Path(shutil.copy(migrated_file, directory / "boss-bot.db"))
    path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
    argv = [*UNSHARE, sys.executable, "-m", "tests.hostile.sealed_run", str(directory), str(database)]
    done = subprocess.run(argv, env={**os.environ, "PYTHONPATH": path}, timeout=400, check=False, cwd=ROOT)
    assert done.returncode == 0, "the run broke off"
    found: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return found


def test_no_canary_heard_anything_but_what_is_public(report: dict[str, Any]) -> None:
    assert report["hits"] == []


def test_the_runner_lives_on(report: dict[str, Any]) -> None:
    assert report["lived"]


@pytest.mark.parametrize("case", catalogue(), ids=lambda case: case.name)
def test_a_row_ends_as_it_should(report: dict[str, Any], case: Case) -> None:
    status, kind, error = report["rows"][case.name]
    assert (kind if status == "failed" else status) in case.ends, error
    if kind == "ForbiddenTarget":
        assert error.startswith("This address is not allowed")


@pytest.mark.parametrize("trick", TRICKS)
def test_a_page_script_did_what_it_could(report: dict[str, Any], trick: str) -> None:
    """With its own site: with addresses inside it would have been heard otherwise."""
    assert trick in report["ran"]


def test_the_browser_looks_no_names_up_by_itself(report: dict[str, Any]) -> None:
    assert not [name for name in report["names"] if name.startswith("prefetched.example")]
