"""The picture in the README: a recording of the demo as one SVG."""

import sys
from pathlib import Path

from scripts.demo.animation import animated_svg
from scripts.demo.recording import Output, record
from scripts.demo.screen import frames_of

COMMAND = "make demo"
TYPED = 0.8  # seconds that the command stands there alone
ALT = "A terminal: four kinds of links are fetched with live progress, and each file equals its original."


def record_demo(path: Path) -> int:
    """Run the demo on a terminal and write its picture; the exit status of the demo, which must be 0 for that."""
    recording = record([sys.executable, "-m", "scripts.demo"])
    if recording.status == 0:
        prompt = Output(0.0, f"\x1b[32m$\x1b[0m \x1b[1m{COMMAND}\x1b[0m\r\n")
        outputs = [prompt, *(Output(TYPED + output.at, output.text) for output in recording.outputs)]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(animated_svg(frames_of(outputs), title=COMMAND, description=ALT), encoding="utf-8")
        sys.stdout.write(f"\nThe picture is {path} ({path.stat().st_size / 1024:.0f} KiB).\n")
    return recording.status
