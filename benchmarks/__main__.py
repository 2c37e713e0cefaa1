"""`python -m benchmarks [name...]`: measures, prints a table, and writes it into benchmarks/README.md when all ran."""

import asyncio
import re
import sys
from pathlib import Path

from benchmarks import detection, extraction, idle, latency, shapes, torrents
from benchmarks.figures import table

BENCHMARKS = {
    "latency": latency.measure,
    "idle": idle.measure,
    "detection": detection.measure,
    "extraction": extraction.measure,
    "shapes": shapes.measure,
    "torrents": torrents.measure,
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
