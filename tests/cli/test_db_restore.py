"""`db restore` puts a backup back, and only where nothing can be lost by it; `doctor` says how old the last one is."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.alive import Alive
from core.backups import Backups
from core.migrate import newest_revision
from tests.cli.conftest import Ctl


def asked(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as shell:
        return [url for (url,) in shell.execute("SELECT url FROM downloads ORDER BY id")]


@pytest.fixture
def backup(ctl: Ctl, here: Path) -> Path:
    """Of a database with one download, to which a second was added since."""
    ctl("add", "https://a.example/1")
    assert ctl("db", "backup", "backup.db").status == 0
    ctl("add", "https://a.example/2")
    return here / "backup.db"


def test_a_backup_comes_back_and_what_it_replaced_is_kept(ctl: Ctl, backup: Path, sqlite_file: Path) -> None:
    done = ctl("db", "restore", backup)
    assert (done.status, done.out.count("\n")) == (0, 1)
    assert f"{sqlite_file} is {backup} now, schema {newest_revision()}; what was there is " in done.out
    assert "Downloads that were not over then: 1." in done.err
    assert asked(sqlite_file) == asked(backup) == ["https://a.example/1"]
    (kept,) = sqlite_file.parent.glob("boss-bot.db.replaced-*")
    assert asked(kept) == ["https://a.example/1", "https://a.example/2"]
    names = {path.name for path in sqlite_file.parent.glob("boss-bot.db*")}
    assert names - {kept.name} <= {"boss-bot.db", "boss-bot.db.migrate.lock"}, "no log of the old one is left"
    assert ctl("db", "check").status == 0
    with contextlib.closing(sqlite3.connect(sqlite_file)) as new, contextlib.closing(sqlite3.connect(kept)) as old:
        names = {shell.execute("SELECT name FROM database_identity").fetchone() for shell in (new, old)}
        assert len(names) == 2, "processes can tell one from the other"


def test_logins_and_revoked_links_do_not_come_back(ctl: Ctl, here: Path, sqlite_file: Path) -> None:
    ctl("add", "https://a.example/1")
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell, shell:
        later = "datetime('now', '1 day')"
        file = "(download_id, position, path, kind, bytes) VALUES (1, 0, '/a', 'video', 1)"
        shell.execute(f"INSERT INTO media_files {file}")
        for token in ("good", "bad"):
            row = f"(token_hash, file_id, actor, expires_at) VALUES (?, 1, 'web', {later})"
            shell.execute(f"INSERT INTO links {row}", (token,))
        shell.execute(f"INSERT INTO web_sessions (token_hash, name, csrf, expires_at) VALUES ('x', 'A', 'y', {later})")
    assert ctl("db", "backup", "backup.db").status == 0
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell, shell:
        shell.execute("UPDATE links SET revoked = 1 WHERE token_hash = 'bad'")
    assert ctl("db", "restore", here / "backup.db").status == 0
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell:
        assert shell.execute("SELECT token_hash, revoked FROM links ORDER BY 1").fetchall() == [("bad", 1), ("good", 0)]
        assert shell.execute("SELECT count(*) FROM web_sessions").fetchone() == (0,)


def test_unfinished_downloads_can_be_made_to_wait(ctl: Ctl, backup: Path) -> None:
    assert ctl("db", "restore", backup, "--pause").status == 0
    (row,) = ctl("list", "--json").json
    assert row["paused"]


def test_nothing_is_put_back_under_a_process_that_lives(
    ctl: Ctl, backup: Path, sqlite_file: Path, environment: dict[str, str]
) -> None:
    before = asked(sqlite_file)
    with Alive(Path(environment["BOSS_BOT_DATA_DIR"]) / "locks", "download") as alive:
        done = ctl("db", "restore", backup)
        assert done.status == 1
        assert f"These processes work with the database: {alive.name}." in done.err
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell:
        shell.execute("BEGIN")
        shell.execute("SELECT * FROM downloads").fetchall()
        done = ctl("db", "restore", backup)
        assert (done.status, "a database shell?" in done.err) == (1, True)
    assert asked(sqlite_file) == before
    assert sorted(sqlite_file.parent.glob("boss-bot.db.*")) == []


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute("CREATE TABLE somebody_elses (id INTEGER)")


def _newer(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as shell, shell:
        shell.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_truncated, "is damaged and was not put back"),
        (_foreign, "is no database of Boss-Bot"),
        (_newer, "was made by a newer version"),
        (Path.unlink, "There is no file"),
    ],
)
def test_what_is_no_good_backup_is_refused(
    ctl: Ctl, backup: Path, sqlite_file: Path, spoil: Callable[[Path], None], told: str
) -> None:
    before = asked(sqlite_file)
    spoil(backup)
    done = ctl("db", "restore", backup)
    assert (done.status, told in done.err) == (1, True)
    assert asked(sqlite_file) == before


def test_a_damaged_database_is_replaced_with_its_log(ctl: Ctl, backup: Path, sqlite_file: Path) -> None:
    sqlite_file.write_bytes(b"\xff" * 8192)
    for end in ("-wal", "-shm"):
        Path(f"{sqlite_file}{end}").write_bytes(b"\xff" * 4096)
    assert ctl("db", "restore", backup).status == 0
    assert asked(sqlite_file) == ["https://a.example/1"]
    assert not [*sqlite_file.parent.glob("boss-bot.db-*")]
    (kept,) = sqlite_file.parent.glob("boss-bot.db.replaced-*[0-9]")
    assert kept.read_bytes().startswith(b"\xff")


def test_backups_are_named_by_their_time_verified_and_only_so_many_are_kept(sqlite_file: Path, tmp_path: Path) -> None:
    backups = Backups(database=sqlite_file, directory=tmp_path / "copies", keep=2)
    for day in (1, 2):
        (tmp_path / "copies").mkdir(exist_ok=True)
        shutil.copy(sqlite_file, tmp_path / "copies" / f"boss-bot-2026010{day}-040000.db")
    (tmp_path / "copies" / "boss-bot-mine.db").touch()
    report = backups.take()
    newest, second = backups.all()
    assert report.startswith(f"{newest.path.name}, 0.")
    assert "verified; 2 kept" in report
    assert second.path.name == "boss-bot-20260102-040000.db"
    assert (tmp_path / "copies" / "boss-bot-mine.db").exists()
    assert asked(newest.path) == []
    assert not [*tmp_path.glob("copies/*.part")]


def test_doctor_says_how_old_the_last_backup_is(ctl: Ctl, sqlite_file: Path, tmp_path: Path) -> None:
    def found() -> tuple[str, str]:
        (finding,) = [one for one in ctl("doctor", "--json").json if one["name"] == "backup"]
        return finding["verdict"], finding["found"]

    directory = tmp_path / "data" / "backups"
    assert found() == ("warning", f"there is none in {directory}")
    directory.mkdir(parents=True)
    for hours, verdict in ((60, "warning"), (3, "good")):
        moment = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
        shutil.copy(sqlite_file, directory / f"boss-bot-{moment:%Y%m%d-%H%M%S}.db")
        assert found()[0] == verdict
    assert "3 h" in found()[1]
    assert "2 in all" in found()[1]
