"""`doctor` on what must stay private, and on the virus scanner."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.checks.scanner import judge_database
from tests.cli.conftest import Ctl, Start
from tests.support.clamd import running_clamd

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def finding(ctl: Ctl, name: str, **variables: str) -> dict[str, Any] | None:
    findings: list[dict[str, Any]] = ctl("doctor", "--json", **variables).json
    return next((finding for finding in findings if finding["name"] == name), None)


@pytest.mark.parametrize(
    ("file", "text", "mode", "told"),
    [
        (".env", "BOSS_BOT_DISCORD_TOKEN=a-secret\n", 0o644, "chmod 600 .env"),
        (".env", "BOSS_BOT_DISCORD_TOKEN=a-secret\n", 0o600, None),
        ("sites.toml", '[sites."x.com"]\nproxy = "http://me:a-secret@127.0.0.1:1"\n', 0o640, "chmod 600 sites.toml"),
        ("sites.toml", '[sites."x.com"]\nproxy = "http://me:a-secret@127.0.0.1:1"\n', 0o600, None),
        ("sites.toml", '[sites."x.com"]\nrate = "2M"\n', 0o644, None),
        ("gallery.json", '{"extractor": {"x": {"password": "a-secret"}}}', 0o644, "chmod 600 gallery.json"),
        ("data/aria2/aria2-1.conf", "rpc-secret=a-secret", 0o644, "chmod 600 data/aria2/aria2-1.conf"),
    ],
)
def test_secrets_that_others_can_read_are_named(
    ctl: Ctl, here: Path, file: str, text: str, mode: int, told: str | None
) -> None:
    path = here / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    variables = {"GALLERY_DL_CONFIG_FILE": file} if file.endswith(".json") else {}
    found = finding(ctl, "private files", BOSS_BOT_DATA_DIR="data", **variables)
    assert found is not None
    assert found["verdict"] == ("warning" if told else "good")
    assert found["next_step"] == told
    assert "a-secret" not in str(found)


@pytest.mark.parametrize(
    ("said", "verdict", "told"),
    [
        ("ClamAV 1.4.6/27800/Fri Nov 20 08:00:00 2026", "good", "ClamAV 1.4.6, signatures 27800 of 2026-11-20"),
        ("ClamAV 1.4.6/27800/Sun Nov  1 08:00:00 2026", "warning", "signatures 27800 of 2026-11-01"),
        ("ClamAV 1.4.6", "warning", "signatures of unknown age"),
        ("ClamAV 1.4.6/x/yesterday", "warning", "signatures of unknown age"),
    ],
)
def test_old_signatures_are_told(said: str, verdict: str, told: str) -> None:
    found = judge_database(said, TODAY)
    assert found.verdict == verdict
    assert told in found.found


@pytest.mark.parametrize(
    ("address", "when", "verdict", "told"),
    [
        ("127.0.0.1:1", "hold", "bad", "until then files wait"),
        ("127.0.0.1:1", "pass", "warning", "until then files are delivered without a scan"),
        ("clamd.ctl", "hold", "bad", "correct it"),
    ],
)
def test_a_scanner_that_does_not_answer_is_a_finding(
    ctl: Ctl, address: str, when: str, verdict: str, told: str
) -> None:
    found = finding(ctl, "clamd", CLAMAV_SOCKET=address, CLAMAV_WHEN_GONE=when)
    assert found is not None
    assert found["verdict"] == verdict
    assert told in found["next_step"]


async def test_a_scanner_that_answers_is_named(start: Start, tmp_path: Path) -> None:
    async with running_clamd(tmp_path / "clamd") as clamd:
        doctor = await start("doctor", "--json", CLAMAV_SOCKET=clamd.socket)
        await doctor.wait(30)
    assert '"name": "clamd"' in doctor.output
    assert "ClamAV 1." in doctor.output


@pytest.mark.parametrize(
    ("cookie", "verdict", "told"),
    [
        (".x.com\tTRUE\t/\tTRUE\t4102444800\tauth\ta-secret", "good", "sites.toml: x.com"),
        (".twitter.com\tTRUE\t/\tTRUE\t0\tauth\ta-secret", "good", "sites.toml: x.com"),
        (".x.com\tTRUE\t/\tTRUE\t1\tauth\ta-secret", "warning", "the cookies of x.com in"),
        (".other.test\tTRUE\t/\tTRUE\t0\tauth\ta-secret", "warning", "has no cookies of x.com"),
    ],
)
def test_cookies_that_can_not_help_are_named(ctl: Ctl, here: Path, cookie: str, verdict: str, told: str) -> None:
    (here / "sites.toml").write_text('[sites."x.com"]\ncookies = "jar.txt"\n')
    (here / "jar.txt").touch(mode=0o600)
    (here / "jar.txt").write_text(f"# Netscape HTTP Cookie File\n{cookie}\n")
    found = finding(ctl, "sites")
    assert found is not None
    assert (found["verdict"], told in found["found"]) == (verdict, True)
    assert "a-secret" not in str(found)
