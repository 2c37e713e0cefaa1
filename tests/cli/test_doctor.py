"""`doctor` finds what is missing and says what to do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.checks.finding import Verdict
from cli.checks.programs import ARIA2C, PROGRAMS, check_package, check_program, check_python, check_sqlite
from cli.checks.storage import check_directory, judge_room
from tests.cli.conftest import Ctl, Given, Play, Start
from tests.support.media_server import MediaServer


def test_a_line_for_everything_that_is_needed(ctl: Ctl) -> None:
    done = ctl("doctor", "--json")
    names = [finding["name"] for finding in done.json]
    programs = ["Python", "SQLite", "aria2c", "ffmpeg", "ffprobe", "chromium"]
    packages = ["yt-dlp", "gallery-dl", "playwright", "discord.py"]
    directories = ["DOWNLOAD_DIR", "DELIVERY_DIR", "BOSS_BOT_DATA_DIR"]
    runners = ["download runner", "upload runner"]
    sandbox = ["sandbox: network", "sandbox: files"]
    rest = ["sites", "private files", "Discord token"]
    assert names == [
        *programs,
        *packages,
        *sandbox,
        "database",
        *runners,
        "backup",
        "age of yt-dlp",
        *directories,
        *rest,
    ]
    assert all(finding["next_step"] for finding in done.json if finding["verdict"] != "good")
    assert done.status == int(any(finding["verdict"] == "bad" for finding in done.json))


def test_runners_that_give_signs_of_life_are_found(ctl: Ctl, play: Play[Any]) -> None:
    async def sign_on(given: Given) -> None:
        await given.downloader.sign_on(4711)

    assert _finding(ctl, "download runner")["verdict"] == "warning"
    play(sign_on)
    assert "process 4711" in _finding(ctl, "download runner")["found"]
    assert _finding(ctl, "upload runner")["found"] == "none is alive"


def test_it_makes_nothing(ctl: Ctl, here: Path) -> None:
    variables = {"BOSS_BOT_DATABASE_URL": "sqlite+aiosqlite:///new/x.db", "DOWNLOAD_DIR": "d", "BOSS_BOT_DATA_DIR": "e"}
    assert "is not there yet" in _finding(ctl, "database", **variables)["found"]
    assert list(here.iterdir()) == []


def test_settings_that_are_not_valid_are_one_of_the_findings(ctl: Ctl) -> None:
    done = ctl("doctor", DOWNLOAD_POLL_INTERVAL="soon")
    assert done.status == 1
    assert "DOWNLOAD_POLL_INTERVAL" in done.out
    assert "aria2c" in done.out


def test_the_secret_is_not_printed(ctl: Ctl) -> None:
    done = ctl("doctor", BOSS_BOT_DISCORD_TOKEN="a-secret")
    assert "a-secret" not in done.out + done.err
    assert "set, not tried" in done.out


async def test_signs_are_ascii_where_the_terminal_knows_no_more(start: Start) -> None:
    doctor = await start("doctor", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0")
    await doctor.wait(30)
    assert "+ Python" in doctor.output
    assert "✔" not in doctor.output


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ((3, 36, 0), Verdict.BAD),
        ((3, 37, 0), Verdict.WARNING),
        ((3, 51, 2), Verdict.WARNING),
        ((3, 51, 3), Verdict.GOOD),
        ((3, 52, 0), Verdict.GOOD),
    ],
)
def test_sqlite_with_the_wal_reset_bug_is_named(version: tuple[int, int, int], verdict: Verdict) -> None:
    finding = check_sqlite(version)
    assert finding.verdict is verdict
    if verdict is Verdict.WARNING:
        assert finding.next_step is not None
        assert "WAL-reset bug, fixed in 3.51.3" in finding.next_step


def test_an_old_python_is_bad() -> None:
    assert check_python((3, 10, 9)).verdict is Verdict.BAD


def test_a_program_that_is_missing_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = {program.name: check_program(program) for program in PROGRAMS}
    assert findings["aria2c"].verdict is Verdict.BAD
    assert findings["aria2c"].next_step == "Install it: `apt install aria2` or `brew install aria2`."
    assert findings["chromium"].verdict is Verdict.WARNING


def test_a_program_that_does_not_run_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "aria2c").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "aria2c").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert check_program(ARIA2C).verdict is Verdict.BAD


def test_another_name_of_a_program_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("#!/bin/sh\necho Other 1.2.3\n")
    (tmp_path / "other").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    finding = check_program(replace(ARIA2C, name="not-there", also=("other",)))
    assert finding.found == f"1.2.3 ({tmp_path / 'other'})"


def test_a_package_that_is_missing() -> None:
    assert check_package("no-such-package").verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("text", "verdict", "told"),
    [
        ("", "good", "no rules for single sites"),
        ('[sites."x.com"]\nrate = "2M"\n[sites."youtu.be"]\n', "good", "sites.toml: x.com, youtube.com"),
        ('[sites."x.com"]\ncookie = "a"', "bad", "cookie means nothing there. Did you mean cookies?"),
        ('[sites."x.com"]\ncookies = "jar.txt"', "warning", "other users of this machine can read cookies"),
    ],
)
def test_rules_for_sites_are_checked(ctl: Ctl, here: Path, text: str, verdict: str, told: str) -> None:
    (here / "jar.txt").touch()
    (here / "jar.txt").chmod(0o644)
    if text:
        (here / "sites.toml").write_text(text)
    found = _finding(ctl, "sites")
    assert found["verdict"] == verdict
    assert told in found["found"]


@pytest.mark.parametrize(("schedule", "verdict"), [("22:00-06:00=0,06:00-22:00=2M", "good"), ("at night", "bad")])
def test_rates_by_hours_are_checked(ctl: Ctl, schedule: str, verdict: str) -> None:
    assert _finding(ctl, "DOWNLOAD_RATE_SCHEDULE", DOWNLOAD_RATE_SCHEDULE=schedule)["verdict"] == verdict


def test_a_directory_that_can_not_be_written_is_bad(tmp_path: Path) -> None:
    assert check_directory("DOWNLOAD_DIR", tmp_path / "not" / "yet").verdict is Verdict.GOOD
    (tmp_path / "file").touch()
    assert check_directory("DOWNLOAD_DIR", tmp_path / "file" / "below").verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("free", "verdict"), [(2**40, Verdict.GOOD), (500 * 2**20, Verdict.WARNING), (2**20, Verdict.BAD)]
)
def test_a_disk_that_fills_up_is_told_in_time(free: int, verdict: Verdict) -> None:
    assert judge_room("DOWNLOAD_DIR", Path("downloads"), free).verdict is verdict


@pytest.mark.parametrize(
    ("status", "body", "verdict", "told"),
    [
        (200, '{"username": "boss\\u202e"}', "good", "taken by Discord: boss\ufffd"),
        (401, "{}", "bad", "refused by Discord"),
        (500, "{}", "bad", "Discord answered 500"),
    ],
)
async def test_online_asks_discord_with_the_token(
    start: Start, status: int, body: str, verdict: str, told: str
) -> None:
    async with MediaServer() as discord:
        discord.add("/api/users/@me", body.encode(), status=status, content_type="application/json")
        doctor = await start(
            "doctor", "--online", "--json", BOSS_BOT_DISCORD_TOKEN="abc", DISCORD_API_BASE=discord.url("/api")
        )
        await doctor.wait(30)
        (request,) = discord.requests("/api/users/@me")
    finding = json.loads(doctor.output)[-1]
    assert request.headers["authorization"] == "Bot abc"
    assert finding["verdict"] == verdict
    assert told in finding["found"]


def _finding(ctl: Ctl, name: str, **variables: str) -> dict[str, Any]:
    findings: list[dict[str, Any]] = ctl("doctor", "--json", **variables).json
    return next(finding for finding in findings if finding["name"] == name)


@pytest.mark.parametrize(
    ("url", "verdict", "told"),
    [
        ("sqlite+aiosqlite:///empty.db", "warning", "empty.db is empty"),
        ("sqlite+aiosqlite:///.", "bad", "can't be used"),
        ("postgresql+asyncpg://bot:hunter2@127.0.0.1:1/bot", "bad", "does not answer"),
    ],
)
def test_a_database_that_can_not_be_used_is_a_finding(ctl: Ctl, here: Path, url: str, verdict: str, told: str) -> None:
    (here / "empty.db").touch()
    finding = _finding(ctl, "database", BOSS_BOT_DATABASE_URL=url)
    assert finding["verdict"] == verdict
    assert told in finding["found"]
    assert "hunter2" not in str(finding)
