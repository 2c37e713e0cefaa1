"""`python -m benchmarks [name...]`: measures, prints a table, and writes it into benchmarks/README.md when all ran."""

import asyncio
import re
import sys
from pathlib import Path

from benchmarks import (
    acknowledgement,
    detection,
    extraction,
    fast_paths,
    guard,
    idle,
    latency,
    load,
    parts,
    requests,
    shapes,
    torrents,
)
from benchmarks.figures import table

BENCHMARKS = {
    "acknowledgement": acknowledgement.measure,
    "latency": latency.measure,
    "idle": idle.measure,
    "load": load.measure,
    "detection": detection.measure,
    "extraction": extraction.measure,
    "shapes": shapes.measure,
    "guard": guard.measure,
    "parts": parts.measure,
    "torrents": torrents.measure,
    "requests": requests.measure,
    "fast-paths": fast_paths.measure,
}
README = Path(__file__).with_name("README.md")


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    figures = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        figures += asyncio.run(BENCHMARKS[name]())
    print(table(figures))
    if names == list(BENCHMARKS):
        text = README.read_text(encoding="utf-8")
        marked = "<!-- figures -->\n"
        README.write_text(
            re.sub(f"{marked}.*?{marked}", lambda _: f"{marked}\n{table(figures)}\n{marked}", text, flags=re.DOTALL),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
