"""Whatever goes wrong, a person reads one sentence and what to do next."""

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from core import database
from tests.cli.conftest import Ctl


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """A database shell with an open transaction."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        yield
        shell.execute("ROLLBACK")


def _one_sentence(err: str) -> str:
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert "Traceback" not in err
    return line


def test_the_version_is_that_of_the_package(ctl: Ctl) -> None:
    assert ctl("--version").out == f"Boss-Bot {version('boss-bot')}\n"


@pytest.mark.parametrize("command", [("list",), ("show", 1), ("watch",), ("cancel", 1), ("db", "check")])
def test_a_missing_database_is_named_and_not_made(ctl: Ctl, here: Path, command: tuple[object, ...]) -> None:
    done = ctl(*command, BOSS_BOT_DATABASE_URL="sqlite+aiosqlite:///nowhere/boss-bot.db")
    assert done.status == 1
    assert "There is no database at nowhere/boss-bot.db." in _one_sentence(done.err)
    assert not (here / "nowhere").exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "BOSS_BOT_DATABASE_URL is not valid."),
        ("oracle9://x/y", "BOSS_BOT_DATABASE_URL is not valid."),
        ("sqlite+aiosqlite://", "must name a file"),
        ("sqlite+aiosqlite:////proc/version/x/y.db", "can't be made: Not a directory."),
        ("sqlite+aiosqlite:///.", "can't be opened"),
        ("postgresql+asyncpg://bot:hunter2@127.0.0.1:1/bot", "does not answer"),
    ],
)
def test_a_database_that_can_not_be_used_is_explained(ctl: Ctl, url: str, told: str) -> None:
    done = ctl("add", "https://a.example/1", BOSS_BOT_DATABASE_URL=url)
    assert done.status == 1
    assert told in _one_sentence(done.err)
    assert "hunter2" not in done.err


def test_a_file_that_is_no_database_is_explained(ctl: Ctl, here: Path) -> None:
    (here / "notes.txt").write_text("no database at all\n" * 100)
    done = ctl("list", BOSS_BOT_DATABASE_URL="sqlite+aiosqlite:///notes.txt")
    assert "is not a SQLite database" in _one_sentence(done.err)


def test_a_database_of_a_newer_version_is_left_alone(ctl: Ctl, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell, shell:
        shell.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "made by a newer version" in _one_sentence(ctl("list").err)


def test_a_lock_is_waited_for_then_named(ctl: Ctl, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.5)
    monkeypatch.setattr(database, "NOTABLE", 0.1)
    with _locked(sqlite_file):
        assert ctl("list").status == 0  # readers do not wait
        done = ctl("add", "https://a.example/1")
    assert done.status == 1
    waiting, error = done.err.splitlines()
    assert waiting == "warning: the database is locked by another process; waiting for it"
    assert "is locked by another process. End its transaction" in error
    assert ctl("add", "https://a.example/1").status == 0


def test_a_setting_that_is_not_valid_names_its_variable(ctl: Ctl) -> None:
    done = ctl("list", BOSS_BOT_MAX_CONCURRENT_DOWNLOADS="many")
    assert done.status == 1
    assert "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS" in _one_sentence(done.err)


def test_a_fault_of_ours_says_how_to_see_more(ctl: Ctl, sqlite_file: Path) -> None:
    _break_a_row(ctl, sqlite_file)
    done = ctl("show", 1)
    error, hint = done.err.splitlines()
    assert done.status == 1
    assert error.startswith("error: Something unexpected happened: ")
    assert hint.endswith("bossbotctl --debug show 1")


def test_debug_shows_the_traceback(ctl: Ctl, sqlite_file: Path) -> None:
    _break_a_row(ctl, sqlite_file)
    with pytest.raises(ValueError, match="hunting"):
        ctl("--debug", "show", 1)


def _break_a_row(ctl: Ctl, sqlite_file: Path) -> None:
    """A value that the schema refuses, and that therefore nobody is prepared for."""
    ctl("add", "https://a.example/1")
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell, shell:
        shell.execute("PRAGMA ignore_check_constraints = 1")
        shell.execute("UPDATE downloads SET status = 'hunting'")
