"""The programs that people use instead: how long each takes for the same work, its own start included."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.site import Site
from download_module.aria2c_calls import OPTIONS

YTDLP = (sys.executable, "-m", "yt_dlp", "--ignore-config", "--quiet", "--no-warnings", "--no-part")
GALLERYDL = (sys.executable, "-m", "gallery_dl", "--config-ignore", "--quiet", "-o", "cache.file=")
HTTPX = "import httpx, sys\nwith httpx.stream('GET', sys.argv[1]) as r, open(sys.argv[2], 'wb') as f:\n"
HTTPX += "    for chunk in r.iter_bytes(): f.write(chunk)\n"


def aria2c(url: str, target: Path) -> list[str | Path]:
    """Plain aria2c with the options that the runner gives a transfer."""
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    return ["aria2c", "--no-conf", "--quiet", "--auto-save-interval=1", *options, f"--dir={target}", "--out=a", url]


def aria2c_many(listed: Path, target: Path) -> list[str | Path]:
    """aria2c with 32 files at once."""
    return ["aria2c", "--no-conf", "--quiet", "-j32", "--file-allocation=none", f"--dir={target}", "-i", listed]


def aria2c_and_ffmpeg(listed: Path, target: Path) -> list[str | Path]:
    """A stream by hand: all of its files by `aria2c_many`, then put together; what our way to do it can't beat."""
    join = 'ffmpeg -nostdin -v error -i "$dir/index.m3u8" -c copy -movflags +faststart "$dir/a.mp4"'
    return ["sh", "-c", f'dir=$1; shift; "$@" && {join}', "sh", target, *aria2c_many(listed, target)]


def curl(url: str, target: Path) -> list[str | Path]:
    """One connection."""
    return ["curl", "--silent", "--fail", "--output", target / "a", url]


def ytdlp(url: str, target: Path, *more: str) -> list[str | Path]:
    """Its own downloader."""
    return [*YTDLP, *more, "--output", target / "a.%(ext)s", url]


def gallerydl(url: str, target: Path) -> list[str | Path]:
    """One file by its direct link."""
    return [*GALLERYDL, "--directory", target, url]


def gallerydl_many(listed: Path, target: Path) -> list[str | Path]:
    """One file after the other."""
    return [*GALLERYDL, "--directory", target, "--input-file", listed]


def httpx(url: str, target: Path) -> list[str | Path]:
    """A dozen lines of Python."""
    return [sys.executable, "-c", HTTPX, url, target / "a"]


async def seconds(site: Site, argv: Sequence[str | Path], target: Path) -> float:
    """Wall time of a command that fills `target`, which is removed afterwards."""
    target.mkdir(parents=True)
    began = time.monotonic()
    program = await site.programs.start(argv, name=Path(str(argv[0])).name)
    status = await program.wait(300)
    took = time.monotonic() - began
    assert status == 0, program.output
    assert any(target.iterdir()), "nothing was fetched"
    shutil.rmtree(target)
    return took
