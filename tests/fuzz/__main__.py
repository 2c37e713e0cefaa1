"""Fuzzes one parser, or each in turn: `python -m tests.fuzz playlists --seconds 60`.

What makes a parser fail is kept as `.cache/fuzz/<name>/crash-...`; `python -m tests.fuzz NAME FILE` runs it again. A
fault that was mended belongs into `tests/fuzz/corpus/<name>/`, which the ordinary tests run.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["core", "download_module", "upload_module", "torf", "m3u8"]):
    from tests.fuzz.targets import CORPUS, TARGETS

FOUND = Path(".cache/fuzz")
LIMITS = ("-rss_limit_mb=1024", "-timeout=10", "-max_len=20000", "-print_final_stats=1")


def main() -> int:
    """Fuzz what was asked for; how many of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz parsers of ours.")
    parser.add_argument("name", nargs="?", choices=sorted(TARGETS), help="which; without it, one after the other")
    parser.add_argument("input", nargs="?", type=Path, help="a file to try once")
    parser.add_argument("--seconds", type=int, default=30, help="for each (default: 30)")
    asked = parser.parse_args()
    if asked.name is None:
        command = (sys.executable, "-m", "tests.fuzz")
        runs = [subprocess.run([*command, name, "--seconds", str(asked.seconds)], check=False) for name in TARGETS]
        return sum(run.returncode != 0 for run in runs)
    if asked.input is not None:
        TARGETS[asked.name](asked.input.read_bytes())
        return 0
    _fuzz(asked.name, asked.seconds)
    return 0


def _fuzz(name: str, seconds: int) -> None:
    grown = FOUND / name / "corpus"
    grown.mkdir(parents=True, exist_ok=True)
    limits = (*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={FOUND / name}/")
    atheris.Setup([f"fuzz {name}", str(grown), str(CORPUS / name), *limits], TARGETS[name])
    atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    sys.exit(main())
