"""`db` makes, checks and copies databases."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from core.migrate import newest_revision
from tests.cli.conftest import Ctl


def test_upgrade_makes_a_database_and_then_has_nothing_to_do(ctl: Ctl) -> None:
    url = "sqlite+aiosqlite:///new/boss-bot.db"
    first = ctl("db", "upgrade", BOSS_BOT_DATABASE_URL=url)
    assert (first.status, first.out) == (0, f"new/boss-bot.db migrated from nothing to {newest_revision()}.\n")
    second = ctl("db", "upgrade")
    assert "nothing to do" in second.out
    assert f"is sound, schema {newest_revision()}" in ctl("db", "check").out


def test_check_finds_rows_that_refer_to_nothing(ctl: Ctl, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell, shell:
        shell.execute(
            "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (7, 0, '/x', 'video', 1)"
        )  # left by a row that was deleted by hand: no damage, a runner removes it
        shell.execute("INSERT INTO downloads (url, parent_id) VALUES ('http://site.test/', 9)")
    done = ctl("db", "check")
    assert (done.status, done.out) == (1, "")
    assert "row 1 of downloads refers to a row of downloads that is not there." in done.err
    assert len(ctl("db", "check", "--json").json["foreign_keys"]) == 1


def test_check_finds_damaged_pages(ctl: Ctl, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = shell.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
        (size,) = shell.execute("PRAGMA page_size").fetchone()
    with sqlite_file.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = ctl("db", "check")
    assert done.status == 1
    assert done.err.startswith("error: ")
    assert ctl("doctor").status == 1


def test_check_finds_an_old_schema(ctl: Ctl) -> None:
    Path("empty.db").touch()
    done = ctl("db", "check", BOSS_BOT_DATABASE_URL="sqlite+aiosqlite:///empty.db")
    assert done.status == 1
    needed = f"this version needs {newest_revision()}"
    assert f"has schema none, {needed}. Migrate it with `bossbotctl db upgrade`." in done.err


def test_a_backup_holds_what_was_committed_even_while_somebody_writes(ctl: Ctl, sqlite_file: Path, here: Path) -> None:
    ctl("add", "https://a.example/1")
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        shell.execute("UPDATE downloads SET url = 'https://a.example/uncommitted'")
        done = ctl("db", "backup", "copy.db")
        shell.execute("ROLLBACK")
    assert (done.status, done.err) == (0, "")
    (row,) = ctl("list", "--json", BOSS_BOT_DATABASE_URL=f"sqlite+aiosqlite:///{here / 'copy.db'}").json
    assert row["url"] == "https://a.example/1"


@pytest.mark.parametrize(
    ("to", "told"), [("taken.db", "exists already and is not overwritten"), ("no/copy.db", "There is no directory no.")]
)
def test_a_backup_never_overwrites(ctl: Ctl, here: Path, to: str, told: str) -> None:
    (here / "taken.db").write_text("precious")
    done = ctl("db", "backup", to)
    assert done.status == 1
    assert told in done.err
    assert (here / "taken.db").read_text() == "precious"


@pytest.mark.postgresql
def test_on_postgresql_it_names_the_tool(ctl: Ctl, postgresql_url: str) -> None:
    backup = ctl("db", "backup", "copy.db", BOSS_BOT_DATABASE_URL=postgresql_url)
    assert backup.status == 1
    assert "pg_dump" in backup.err
    check = ctl("db", "check")
    assert check.status == 0
    assert "pg_amcheck" in check.err
