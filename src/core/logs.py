"""Logging: one line an event; human on a terminal, JSON otherwise; secrets never."""

import json
import logging
import re
import sys
import traceback
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any

from loguru import logger

from core.redaction import KNOWN, SECRET, Secrets

if TYPE_CHECKING:
    from loguru import Message, Record

HUMAN = "<dim>{time:HH:mm:ss}</dim> <level>{level: <7}</level> {extra[process]: <8} {message}{extra[shown]}"
# The query of a URL often carries a token, and user:password may stand before its host.
_URL_QUERY = re.compile(r"(\b(?:https?|wss?|ftp)://[^\s?#\"'<>]*)[?#][^\s\"'<>]*", re.IGNORECASE)
_URL_LOGIN = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE)
_OWN = ("process", "shown")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # loguru refuses names that it does not know


def setup_logging(process: str, *, level: str = "INFO", style: str = "auto", secrets: tuple[str, ...] = ()) -> None:
    """Send loguru's and the standard library's records to stderr, and what would be written there without them.

    Args:
        process: the name that stands on each line.
        level: the least level that is shown.
        style: `human`, `json`, or `auto` for human on a terminal.
        secrets: texts that must never be shown; `core.redaction.KNOWN` may learn more later.
    """
    human = style == "human" or (style == "auto" and sys.stderr.isatty())
    KNOWN.forget()
    KNOWN.learn(*secrets)
    hide = Redactor(KNOWN)

    def patch(record: "Record") -> None:
        record["message"] = hide(record["message"])
        bound = {name: hide(str(value)) for name, value in record["extra"].items() if name not in _OWN}
        record["extra"]["shown"] = "".join(f" {name}={value}" for name, value in bound.items())

    logger.remove()
    logger.configure(extra={"process": process, "shown": ""}, patcher=patch)

    out = Output()

    def write_json(message: "Message") -> None:
        out.write(json.dumps(_as_json(message.record, hide), ensure_ascii=False) + "\n")

    def write_human(message: "Message") -> None:
        out.write(hide(str(message)))

    if human:
        logger.add(write_human, level=level, format=HUMAN, colorize=sys.stderr.isatty(), diagnose=False)
    else:
        logger.add(write_json, level=level, diagnose=False)
    logging.basicConfig(handlers=[_ToLoguru()], level=logging.WARNING, force=True)
    sys.excepthook = _uncaught  # Python's own prints what the error says as it is
    warnings.showwarning = _warned


class Output:
    """Standard error, which may lie on a full disk or be closed: lines are lost then, and never work."""

    def __init__(self) -> None:
        self._lost = 0

    def write(self, line: str) -> None:
        """Write a line, and before it how many were lost."""
        told = f"({self._lost} lines of the log were lost: no room)\n" if self._lost else ""
        try:
            sys.stderr.write(told + line)
            sys.stderr.flush()
        except (OSError, ValueError):  # ValueError: it is closed
            self._lost += 1
        else:
            self._lost = 0


class Redactor:
    """Takes secrets, logins and query strings out of a text."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, text: str) -> str:
        """The text without them."""
        return _URL_LOGIN.sub(rf"\1{SECRET}@", _URL_QUERY.sub(r"\1", self._secrets.hide(text)))


def _as_json(record: "Record", hide: Redactor) -> dict[str, Any]:
    line: dict[str, Any] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "process": record["extra"]["process"],
        "message": record["message"],
    }
    line |= {
        name: value if isinstance(value, int | float | bool) else hide(str(value))
        for name, value in record["extra"].items()
        if name not in _OWN
    }
    if (error := record["exception"]) is not None:
        line["exception"] = hide("".join(traceback.format_exception(error.type, error.value, error.traceback)))
    return line


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.opt(exception=(kind, error, trace)).critical("ended by an error that nobody caught")


def _warned(message: Warning | str, category: type[Warning], *_place: Any, **_more: Any) -> None:
    logger.bind(kind=category.__name__).warning("{}", message)


class _ToLoguru(logging.Handler):
    """Records of libraries go the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in _LEVELS else record.levelno
        logger.opt(exception=record.exc_info).bind(library=record.name).log(level, record.getMessage())
