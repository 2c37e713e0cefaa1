"""Logs: one line an event, for people or machines, and never a secret."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as some
from loguru import logger

from core.logs import Redactor, setup_logging
from core.redaction import KNOWN, SECRET, Secrets

TOKEN = "MTIz.abc-def"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leaves logging as it was found."""
    handlers, level = logging.root.handlers[:], logging.root.level
    uncaught, warned = sys.excepthook, warnings.showwarning
    yield
    sys.excepthook, warnings.showwarning = uncaught, warned
    KNOWN.forget()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logger.remove()
    logger.configure(extra={}, patcher=lambda _record: None)
    logger.add(sys.stderr)


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that was written."""
    (line,) = capsys.readouterr().err.splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_machine_reads_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("bot")
    logger.bind(download=7, url="http://site.test/a?b=c", quick=True).info("claimed\nand more {}", 1)
    line = last_json(capsys)
    assert line.pop("time").startswith("20")
    assert line == {
        "level": "INFO",
        "process": "bot",
        "message": "claimed\nand more 1",
        "download": 7,
        "url": "http://site.test/a",
        "quick": True,
    }


def test_a_person_reads_a_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("download", style="human")
    logger.bind(download=7, epoch=1).warning("took back {rows}", rows=2)
    (line,) = capsys.readouterr().err.splitlines()
    assert "WARNING download took back 2" in line
    assert line.rstrip().endswith("download=7 epoch=1 rows=2")


@pytest.mark.parametrize("style", ["human", "json"])
def test_secrets_are_nowhere(capsys: pytest.CaptureFixture[str], style: str) -> None:
    setup_logging("bot", style=style, secrets=(TOKEN, ""))
    logger.bind(header=f"Bot {TOKEN}", odd=f'say "http://site.test/?key=q1" {TOKEN}').info(f"with {TOKEN}")

    def fail() -> None:
        raise RuntimeError(f'GET "https://user:pass@site.test/?sig=s3cret" with {TOKEN}')

    with logger.catch(message="it broke"):
        fail()
    logging.getLogger("discord").error("token %s", TOKEN)
    written = capsys.readouterr().err
    assert all(secret not in written for secret in (TOKEN, "s3cret", "user:pass", "q1"))
    assert written.count(SECRET) >= 5
    assert "Traceback" in written
    assert "RuntimeError" in written
    if style == "json":
        lines = [json.loads(line) for line in written.splitlines()]
        assert lines[0]["odd"] == f'say "http://site.test/" {SECRET}'
        assert "Traceback" in lines[1]["exception"]


def test_the_level_is_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("bot", level="WARNING")
    logger.info("not shown")
    logger.warning("shown")
    assert last_json(capsys)["message"] == "shown"


def test_libraries_log_the_same_way_whatever_they_call_their_levels(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("bot")
    logging.getLogger("some.library").warning("careful: %s {}", 1)
    assert last_json(capsys) | {"time": ""} == {
        "time": "",
        "level": "WARNING",
        "process": "bot",
        "message": "careful: 1 {}",
        "library": "some.library",
    }
    logging.getLogger("some.library").log(35, "between two levels")
    assert last_json(capsys)["message"] == "between two levels"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET https://site.test/a?token=1 done", "GET https://site.test/a done"),
        ("GET https://site.test/a#token=1 done", "GET https://site.test/a done"),
        ("HTTPS://SITE.TEST/a?token=1", "HTTPS://SITE.TEST/a"),
        ("'http://site.test/?a=1','http://site.test/?b=2'", "'http://site.test/','http://site.test/'"),
        ("wss://gateway.test/?session=1", "wss://gateway.test/"),
        ("postgresql+asyncpg://me:pass@host/name", f"postgresql+asyncpg://{SECRET}@host/name"),
        ("http://me:pass@host/?q", f"http://{SECRET}@host/"),
        ("why? because #1", "why? because #1"),
        ("mail me@site.test", "mail me@site.test"),
        ("long-hidden and hidden", f"{SECRET} and {SECRET}"),
    ],
)
def test_what_is_taken_out(text: str, hidden: str) -> None:
    assert Redactor(Secrets(("hidden", "long-hidden")))(text) == hidden


PLAIN = some.characters(exclude_characters=":[]")  # neither a URL nor a part of what stands for a secret


@examples(some.text(PLAIN), some.text(PLAIN, min_size=1).filter(lambda text: text not in SECRET), some.text(PLAIN))
def test_no_secret_is_left_wherever_it_stands(before: str, secret: str, after: str) -> None:
    shown = Redactor(Secrets((secret,)))(f"{before}{secret}{after}")
    assert SECRET in shown
    assert all(secret not in piece for piece in shown.split(SECRET))


@examples(some.text())
def test_a_text_without_urls_and_secrets_is_left_alone(text: str) -> None:
    assert Redactor(Secrets())(text.replace("://", "")) == text.replace("://", "")
