"""What the pages in docs/ say is true: what the program writes is of today, and recipes and commands work."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.app import app
from core.database import Database
from core.tables import metadata
from scripts.pages.written import PAGES, with_block
from tests.conftest import Hand

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SQL = (DOCS / "sql.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_the_program_writes_is_of_today(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == with_block(page, PAGES[name]()), "run: make docs"


def recipes(kind: str) -> list[str]:
    blocks = re.findall(rf"```{kind}\n(.*?)```", SQL, re.DOTALL)
    return [one.strip() for block in blocks for one in block.split(";\n") if one.strip()]


async def test_every_recipe_runs_and_what_is_said_to_be_refused_is(database: Database, hand: Hand) -> None:
    for number in range(1, 8):
        await hand(f"INSERT INTO downloads (url) VALUES ('https://example.com/{number}')")
    assert len(recipes("sql refused")) == 4
    for statement in recipes("sql refused"):
        with pytest.raises(Exception, match=r"constraint|invalid input syntax for type json"):
            await hand(statement)
    assert len(recipes("sql")) > 20
    for statement in recipes("sql"):
        try:
            await hand(statement)
        except Exception as error:
            raise AssertionError(statement) from error


def test_every_column_that_the_architecture_names_exists() -> None:
    table = (DOCS / "architecture.md").read_text(encoding="utf-8").partition("## The table")[2].partition("Beside")[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert len(named) > 30
    assert named <= set(metadata.tables["downloads"].columns.keys())


def command_lines() -> Iterator[tuple[str, str]]:
    """Every line with bossbotctl in a block of a page."""
    for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))):
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                found = re.search(r"(?:^|/|&& |-- |bot |\s)(bossbotctl(?: [^#|&]*)?)", line)
                if found:
                    yield page.name, found[1].strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_every_command_of_bossbotctl_in_a_page_is_understood(page: str, line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line.replace(" ID", " 7").replace("[", "").replace("]", ""))[1:]
    while words and getattr(command, "commands", None):
        name = words.pop(0)
        if not name.startswith("-"):
            assert name in command.commands, f"{line}: there is no {name}"
            command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}, line


def test_the_site_builds_without_a_fault_and_fetches_nothing(tmp_path: Path) -> None:
    """Links, anchors and pages that are left out are faults of a strict build."""
    program = shutil.which("mkdocs", path=str(Path(ROOT, ".venv", "bin"))) or shutil.which("mkdocs")
    assert program is not None
    done = subprocess.run(
        [program, "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in tmp_path.rglob("*.html"):
        assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//", page.read_text())
