"""`make image-test`: carries out the Dockerfile's steps in a Debian tree, and uses what they give.

A container engine is not needed: mmdebstrap makes the tree (kept in .cache), namespaces and pivot_root are the
container. The base is Debian of the release that the Dockerfile names, not the image of that tag.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.image.dockerfile import parse
from scripts.image.rootfs import Tree
from scripts.image.trial import try_out

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "image"
RELEASES = {"12": "bookworm", "13": "trixie", "14": "forky"}


def base(image: str) -> Path:
    """A tar of the Debian release that an image such as `debian:13.2-slim` is of."""
    release = RELEASES[image.partition(":")[2].partition(".")[0].partition("-")[0]]
    tar = CACHE / f"{release}.tar"
    if not tar.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = tar.with_suffix(".part.tar")
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", release, made], check=True, timeout=600)
        made.replace(tar)
    return tar


def build(directory: Path, arguments: dict[str, str]) -> Tree:
    """The tree that the Dockerfile's last stage gives."""
    trees: dict[str, Tree] = {}
    stages = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"), arguments)
    for number, stage in enumerate(stages):
        name = stage.name or str(number)
        print(f"stage {name}, from {stage.base}", flush=True)
        trees[name] = Tree(directory / name)
        trees[name].path.mkdir()
        subprocess.run(["tar", "-xf", base(stage.base), "-C", trees[name].path], check=True, timeout=300)
        trees[name].build(stage, context=ROOT, others=trees)
    return trees[name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build in DIR and leave the trees there")
    chosen = parser.parse_args()
    missing = [name for name in ("mmdebstrap", "unshare", "setpriv") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print(f"This needs root and the programs mmdebstrap, unshare and setpriv. Missing: {missing or 'root'}.")
        return 2
    began = time.monotonic()
    with TemporaryDirectory(prefix="boss-bot-image-") as name:
        directory = chosen.keep or Path(name)
        directory.mkdir(exist_ok=True)
        tree = build(directory, dict(one.split("=", 1) for one in chosen.build_arg))
        size = subprocess.run(["du", "-sm", tree.path], capture_output=True, text=True, check=True).stdout.split()[0]
        print(f"built in {time.monotonic() - began:.0f} s, {size} MiB on disk", flush=True)
        stage = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
        asyncio.run(try_out(tree, stage, Path(name, "volumes")))
    print(f"all is well, after {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
