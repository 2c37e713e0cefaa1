"""Runs a program on a terminal of its own and notes what it writes, and when."""

import codecs
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

COLUMNS, ROWS = 80, 40
UNWANTED = ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR")


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote at once, and when: seconds from its start."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a program wrote, and its exit status."""

    outputs: list[Output]
    status: int


def record(argv: Sequence[str]) -> Recording:
    """Run a program to its end on a terminal of 80 columns that has colours; shown on that of a person, too."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        argv, env=environment | terminal, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        outputs = list(_read(ours))
        return Recording(outputs, process.wait())
    finally:
        os.close(ours)
        process.terminate()
        process.wait()


def _read(terminal: int) -> Iterator[Output]:
    began = time.monotonic()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := _read_some(terminal):
        if sys.stdout.isatty():
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        yield Output(time.monotonic() - began, decoder.decode(data))


def _read_some(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""
