"""The table as people meet it: the real sqlite3 program, with edits that make sense and edits that do not."""

import json
import subprocess
from pathlib import Path

import pytest

EDITS = [
    "SET cancelled = 1",
    "SET paused = 1",
    "SET priority = -1",
    "SET upload = 0",
    "SET status = 'pending'",
    "SET url_type = 'torrent'",
    "SET available_at = '2030-01-01 00:00:00'",
    "SET available_at = datetime('now', '+1 hour')",
    "SET available_at = NULL",
    "SET progress = 42",
    "SET progress = 99.5",
    "SET options = '{\"audio_only\": true}'",
    "SET destination = 'discord', channel_id = 1",
    "SET upload_limit_bytes = 10485760",
    "SET user_id = '175928847299117063'",
    "SET claimed_by = 'somebody', epoch = 7",
    "SET site = 'youtube', media_id = 'jNQXAC9IVRw', author = 'jawed', thumbnail_url = 'https://site.test/a.jpg'",
    "SET duration_seconds = 18.9",
    "SET duration_seconds = NULL",
    "SET metadata = '{\"view_count\": 1}'",
    "SET download_plan = '{\"height\": 720}', thread_id = 175928847299117063",
]

NONSENSE = [
    "SET status = 'done'",
    "SET download_plan = 'much'",
    "SET download_plan = '[1]'",
    "SET thread_id = 'here'",
    "SET status = 'PENDING'",
    "SET status = NULL",
    "SET url = ''",
    "SET url = NULL",
    "SET url = x'00ff'",
    "SET url = hex(zeroblob(4097))",
    "SET url_type = 'web'",
    "SET cancelled = 2",
    "SET cancelled = 'yes'",
    "SET cancelled = NULL",
    "SET paused = -1",
    "SET upload = 1.5",
    "SET priority = 2",
    "SET priority = 'high'",
    "SET added_at = 'soon'",
    "SET added_at = NULL",
    "SET available_at = '2030-01-01'",
    "SET available_at = '2030-01-01T00:00:00'",
    "SET available_at = '2030-02-30 00:00:00'",
    "SET available_at = '2030-01-01 00:00:00.5'",
    "SET available_at = 'now'",
    "SET heartbeat_at = '1'",
    "SET heartbeat_at = unixepoch()",
    "SET started_at = ''",
    "SET downloaded_at = 'today'",
    "SET finished_at = 0",
    "SET progress = 101",
    "SET progress = -0.1",
    "SET progress = 'half'",
    "SET progress = NULL",
    "SET file_size = -1",
    "SET file_size = 'big'",
    "SET downloaded_bytes = -1",
    "SET download_speed = 1.5",
    "SET eta_seconds = -1",
    "SET epoch = -1",
    "SET epoch = 'first'",
    "SET attempts = -1",
    "SET user_id = '@somebody'",
    "SET destination = 'ftp'",
    "SET destination = 'discord'",
    "SET upload_limit_bytes = 0",
    "SET options = ''",
    "SET options = '[]'",
    "SET options = '{'",
    "SET options = 'null'",
    "SET options = NULL",
    "SET failed_stage = 'both'",
    "SET duration_seconds = -1",
    "SET duration_seconds = 'long'",
    "SET metadata = '[]'",
    "SET metadata = '{'",
    "SET metadata = NULL",
    "SET progress_message_status = 'shown'",
]

OTHER_NONSENSE = [
    "INSERT INTO downloads (title) VALUES ('no url')",
    "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (1, 0, '/a', 'film', 1)",
    "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (1, -1, '/a', 'video', 1)",
    "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (1, 0, '/a', 'video', 'many')",
    "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (1, 0, '/a', 'video', 1), "
    "(1, 0, '/b', 'video', 1)",
    "INSERT INTO media_files (download_id, position, path, kind, bytes, fitted_from) "
    "VALUES (1, 0, '/a', 'video', 1, 1)",
    "INSERT INTO events (download_id, actor, moved_to, at) VALUES (1, 'me', 'failed', 'yesterday')",
    "INSERT INTO events (download_id, actor, moved_to) VALUES (1, 'me', 'done')",
    "INSERT INTO runners (name, kind, pid) VALUES ('a', 'compressor', 1)",
    "INSERT INTO runners (name, kind, pid) VALUES ('a', 'bot', 'one')",
    "INSERT INTO guild_settings (guild_id, upload_limit_bytes) VALUES (1, 0)",
    "INSERT INTO guild_settings (guild_id, settings) VALUES (1, 'on')",
    "INSERT INTO user_settings (user_id, settings) VALUES (1, '[1]')",
]


def shell(path: Path, statement: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a statement in the sqlite3 program."""
    return subprocess.run(
        ["sqlite3", "-bail", *options, path, statement], capture_output=True, text=True, check=False, timeout=30
    )


@pytest.fixture
def table(sqlite_file: Path) -> Path:
    """A database with one row."""
    assert shell(sqlite_file, "INSERT INTO downloads (url) VALUES ('http://site.test/a')").returncode == 0
    return sqlite_file


def test_a_url_alone_is_a_complete_request(table: Path) -> None:
    (row,) = json.loads(shell(table, "SELECT *, added_at = datetime('now') AS fresh FROM downloads", "-json").stdout)
    given = {name: value for name, value in row.items() if value is not None}
    assert given.pop("added_at")
    assert given.pop("fresh") in (0, 1)
    assert given == {
        "id": 1,
        "url": "http://site.test/a",
        "url_type": "unknown",
        "status": "pending",
        "destination": "folder",
        "options": "{}",
        "metadata": "{}",
        "upload_plan": "{}",
        "download_plan": "{}",
        "upload": 1,
        "allow_torrents": 0,
        "auto_retry": 1,
        **dict.fromkeys(("cancelled", "paused", "priority", "progress", "attempts", "epoch"), 0),
        **dict.fromkeys(("downloaded_bytes", "download_speed"), 0),
    }


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_that_makes_sense_is_taken(table: Path, edit: str) -> None:
    done = shell(table, f"UPDATE downloads {edit}; SELECT changes()")
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", "1")


@pytest.mark.parametrize("statement", [f"UPDATE downloads {edit}" for edit in NONSENSE] + OTHER_NONSENSE)
def test_nonsense_is_refused(table: Path, statement: str) -> None:
    before = shell(table, ".dump").stdout
    refused = shell(table, statement)
    assert refused.returncode != 0
    assert any(sign in refused.stderr for sign in ("constraint failed", "cannot store", "CHECK constraint"))
    assert shell(table, ".dump").stdout == before
