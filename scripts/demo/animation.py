"""Frames of a terminal as one SVG that moves by itself: no script, no font from elsewhere, and its end stays.

All frames lie side by side, the last one first; a window shows one of them, and CSS moves the strip below it. So a
viewer that knows no animation shows the last frame. A line that several frames have is stored once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from rich.color import blend_rgb
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME as THEME

from scripts.demo.recording import COLUMNS
from scripts.demo.screen import Frame, decoded

SIZE, ADVANCE, LEADING = 14, 8.4, 19  # pixels: of the letters, from letter to letter, from line to line
PADDING, BAR = 16, 34  # pixels: around the text, the height of the title bar
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
DIM = 0.6  # how much of its colour a dim letter keeps
LEAST_END = 1.0  # seconds; the last frame is reached then at the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Pixels of the text inside the window."""

    width: float
    height: float


def animated_svg(frames: Sequence[Frame], *, title: str, description: str) -> str:
    """The picture.

    Args:
        frames: in the order of their times; at least one.
        title: above the window.
        description: for those who can't see it.
    """
    inside = Window(width=COLUMNS * ADVANCE, height=max(len(frame.lines) for frame in frames) * LEADING)
    width, height = inside.width + 2 * PADDING, inside.height + BAR + PADDING
    lines = list(dict.fromkeys(line for frame in frames for line in frame.lines if decoded(line).plain.strip()))
    looks = _Looks()
    symbols = [f'<text id="l{number}">{looks.spans(line)}</text>' for number, line in enumerate(lines)]
    strip = [*frames[-1:], *frames[:-1]]
    numbers = {line: number for number, line in enumerate(lines)}
    shown = [_placed(frame, numbers, position * inside.width) for position, frame in enumerate(strip)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img">',
            f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
            f"<style>{_base()}{looks.rules()}{_movement(frames, inside.width)}</style>",
            f"<defs>{''.join(symbols)}</defs>",
            f'<rect width="{width:g}" height="{height:g}" rx="9" fill="{THEME.background_color.hex}"/>',
            *(f'<circle cx="{20 + 18 * place}" cy="17" r="5.5" fill="#4a4f57"/>' for place in range(3)),
            f'<text x="{width / 2:g}" y="22" class="title">{escape(title)}</text>',
            f'<svg x="{PADDING}" y="{BAR}" width="{inside.width:g}" height="{inside.height:g}">',
            f'<g class="strip">{"".join(shown)}</g>',
            "</svg>",
            "</svg>\n",
        ]
    )


def _placed(frame: Frame, numbers: dict[str, int], x: float) -> str:
    uses = (
        f'<use href="#l{numbers[line]}" y="{(row + 0.75) * LEADING:g}"/>'
        for row, line in enumerate(frame.lines)
        if line in numbers
    )
    return f'<g transform="translate({x:g} 0)">{"".join(uses)}</g>'


def _base() -> str:
    return (
        f"text{{font:{SIZE}px {FONTS};white-space:pre;fill:{THEME.foreground_color.hex}}}"
        ".title{text-anchor:middle;fill:#8b929c;font-size:13px}"
    )


def _movement(frames: Sequence[Frame], width: float) -> str:
    """Keyframes in which each position of the strip holds until the next."""
    end = max(frames[-1].at, LEAST_END)
    steps = "".join(
        f"{100 * frame.at / end:.2f}%{{transform:translateX({-(number + 1) * width:g}px)}}"
        for number, frame in enumerate(frames[:-1])
    )
    return (
        f"@keyframes play{{{steps}100%{{transform:none}}}}"
        f"@media (prefers-reduced-motion:no-preference){{.strip{{animation:play {end:.2f}s step-end both}}}}"
    )


class _Looks:
    """The styles of all letters as classes."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._console = Console(width=COLUMNS, color_system="truecolor", legacy_windows=False)

    def spans(self, line: str) -> str:
        """A line as pieces of one look each, which keep their width whatever the font."""
        return "".join(self._pieces(line))

    def _pieces(self, line: str) -> Iterator[str]:
        column = 0
        for segment in Segment.simplify(decoded(line).render(self._console)):
            text = segment.text.strip(" ")
            if text:
                x = (column + len(segment.text) - len(segment.text.lstrip(" "))) * ADVANCE
                look = self._class(segment.style or Style.null())
                width = len(text) * ADVANCE
                yield f'<tspan x="{x:g}" textLength="{width:g}"{look}>{escape(text, quote=False)}</tspan>'
            column += len(segment.text)

    def _class(self, style: Style) -> str:
        rule = _rule(style)
        if not rule:
            return ""
        return f' class="{self._classes.setdefault(rule, f"c{len(self._classes)}")}"'

    def rules(self) -> str:
        """The classes that were used."""
        return "".join(f".{name}{{{rule}}}" for rule, name in self._classes.items())


def _rule(style: Style) -> str:
    colour = style.color.get_truecolor(THEME) if style.color and not style.color.is_default else None
    if style.dim:
        colour = blend_rgb(ColorTriplet(*THEME.background_color), colour or THEME.foreground_color, DIM)
    fill = f"fill:{colour.hex};" if colour else ""
    return fill + "font-weight:bold;" * bool(style.bold) + "font-style:italic;" * bool(style.italic)
