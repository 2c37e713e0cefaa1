"""A terminal just good enough for what Rich writes: lines, cursor up, erase line, colours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.ansi import AnsiDecoder
from rich.text import Text

from scripts.demo.recording import Output

# https://en.wikipedia.org/wiki/ANSI_escape_code#CSI_(Control_Sequence_Introducer)_sequences
_TOKEN = re.compile(r"\x1b\[(?P<argument>[0-9;?]*)(?P<code>[A-Za-z])|(?P<control>[\r\n])|[^\x1b\r\n]+|\x1b")
LEAST_GAP = 0.2  # seconds between two frames
PAUSE = 0.02  # seconds without output after which a drawing is complete


@dataclass(frozen=True, slots=True)
class Frame:
    """The screen at a time: its lines, with escape sequences for colours alone."""

    at: float
    lines: tuple[str, ...]


class Screen:
    """Lines that grow downwards without an end."""

    def __init__(self) -> None:
        self._lines = [""]
        self._row = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """What can be seen, without empty lines at the end."""
        text = "\n".join(self._lines)
        return tuple(text.rstrip().split("\n"))

    def write(self, text: str) -> None:
        """Obey what a program writes."""
        for token in _TOKEN.finditer(text):
            if token["control"] == "\n":
                self._row += 1
                if self._row == len(self._lines):
                    self._lines.append("")
            elif token["code"] == "A":
                self._row = max(0, self._row - int(token["argument"] or 1))
            elif token["code"] == "K":
                self._lines[self._row] = ""
            elif token["code"] == "m" or (token["code"] is None and token["control"] is None):
                self._lines[self._row] += token[0]


def frames_of(outputs: Sequence[Output]) -> list[Frame]:
    """What a viewer has to be shown: the states of the screen that last, and the final one."""
    screen = Screen()
    frames: list[Frame] = []
    for number, output in enumerate(outputs):
        screen.write(output.text)
        goes_on = number + 1 < len(outputs) and outputs[number + 1].at - output.at < PAUSE
        if goes_on:
            continue  # in the midst of drawing
        began = output.at
        if frames and began - frames[-1].at < LEAST_GAP:
            began = frames.pop().at
        if not frames or frames[-1].lines != screen.lines:
            frames.append(Frame(began, screen.lines))
    return frames


def decoded(line: str) -> Text:
    """A line with its colours as styles."""
    return next(iter(AnsiDecoder().decode(line)), Text())
