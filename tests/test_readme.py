"""What the README says is true: its recipes run, its tables are complete."""

import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from cli.app import app
from scripts.settings_docs import env_example, readme_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
OPERATIONS = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.DOTALL)


def statements(block: str) -> list[str]:
    """The recipes of a block, each with the comment above it."""
    return [statement.strip() for statement in block.split(";\n") if statement.strip()]


@pytest.fixture
def shell_file(sqlite_file: Path) -> Path:
    """A database with rows 1 to 7; the last one failed."""
    with sqlite3.connect(sqlite_file) as database:
        for number in range(1, 8):
            database.execute("INSERT INTO downloads (url) VALUES (?)", (f"https://example.com/{number}",))
        database.execute("UPDATE downloads SET status = 'failed' WHERE id = 7")
    return sqlite_file


@pytest.mark.parametrize("statement", [found for block in [*RECIPES, *OPERATIONS] for found in statements(block)])
def test_every_recipe_runs_in_the_shell(shell_file: Path, statement: str) -> None:
    done = subprocess.run(
        ["sqlite3", "-bail", shell_file], input=f"{statement};\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_recipes_do_what_they_say(shell_file: Path) -> None:
    database = sqlite3.connect(shell_file)

    def recipe(word: str) -> None:
        (found,) = [one for one in statements(RECIPES[0]) if word in one]
        database.execute(found)

    def seven(column: str) -> object:
        return database.execute(f"SELECT {column} FROM downloads WHERE id = 7").fetchone()[0]

    recipe("cancelled = 1")
    assert seven("cancelled") == 1
    recipe("paused = 1 WHERE id")
    assert seven("paused") == 1
    recipe("paused = 0")
    assert seven("paused") == 0
    recipe("status = 'pending' WHERE id")
    assert seven("status") == "pending"
    recipe("paused = 1 WHERE status")
    assert database.execute("SELECT count(*) FROM downloads WHERE paused = 1").fetchone() == (7,)
    before = database.execute("SELECT count(*) FROM downloads").fetchone()[0]
    recipe("delivered to the folder")
    recipe("first in the queue")
    assert database.execute("SELECT count(*) FROM downloads").fetchone()[0] == before + 2
    newest = "SELECT priority, available_at, upload FROM downloads ORDER BY id DESC"
    assert database.execute(newest).fetchone() == (1, "2030-01-01 22:00:00", 0)
    database.close()


def test_the_table_of_settings_is_that_of_the_program() -> None:
    assert readme_table() in README, "run: make docs"
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), "run: make docs"


def test_every_command_of_bossbotctl_is_named() -> None:
    names = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert names
    for name in names:
        assert name is not None
        assert re.search(rf"`{name}[ `]", README), name


@pytest.mark.parametrize("name", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=str)
def test_every_file_that_a_page_names_is_there(name: Path) -> None:
    text = name.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (name.parent / target).exists(), target
    for target in re.findall(r"`((?:docs|src|tests|benchmarks|scripts|core|download_module)/[\w./-]+)`", text):
        assert any((place / target).exists() for place in (ROOT, ROOT / "src", ROOT / "tests")), target
