"""Every shape of plan, INSERT to `downloaded`, in turns with the programs that people use instead."""

import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import psutil

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.install import Installation, installed, peak_mib
from benchmarks.site import MIB, Site, served
from tests.support.processes import wait_until

ROUNDS = 5
FEW = 3  # rounds of a program that takes half a minute
PICTURES = 500
SEGMENTS = 400
ROWS = 200
ENVIRONMENT = {"BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "20", "BOSS_BOT_MAX_QUEUE_SIZE": "1000"}

Timed = Callable[[], Awaitable[float]]


async def measure() -> list[Figure]:
    """All of them with one runner, whose peak memory stands at the end."""
    async with served() as site, installed("download", environment=ENVIRONMENT) as here:
        target = site.root.parent / "fetched"
        figures = [await _large(site, here, target), await _throttled(site, here, target)]
        figures += [await _pictures(site, here, target)]
        figures += [await _segments(site, here, target, late="")]
        figures += [await _segments(site, here, target, late="late/")]
        figures += await _rows(site, here)
        peak = peak_mib(here.programs["download"])
    return [*figures, Figure("peak memory of the download runner in all of these", f"{peak:.0f} MiB", "under 150 MiB")]


async def _large(site: Site, here: Installation, target: Path) -> Figure:
    url = site.add("large.zip", 1024 * MIB)
    runner = psutil.Process(here.programs["download"].pid)
    shares: list[float] = []

    async def ours() -> float:
        before = runner.cpu_times()
        took = await _row(here, url)
        after = runner.cpu_times()
        shares.append((after.user + after.system - before.user - before.system) / took)
        return took

    times = await _in_turns(
        {
            "ours": ours,
            "aria2c": lambda: peers.seconds(site, peers.aria2c(url, target), target),
            "curl": lambda: peers.seconds(site, peers.curl(url, target), target),
            "yt-dlp": lambda: peers.seconds(site, peers.ytdlp(url, target), target),
            "gallery-dl": lambda: peers.seconds(site, peers.gallerydl(url, target), target),
            "httpx": lambda: peers.seconds(site, peers.httpx(url, target), target),
        }
    )
    cpu = f"; CPU of the runner without aria2c {statistics.median(shares):.0%} of the wall time"
    goal = "at most 1.05 times aria2c; CPU under 10 %"
    return Figure("1 GiB, server unlimited", _against(times, "aria2c") + cpu, goal)


async def _throttled(site: Site, here: Installation, target: Path) -> Figure:
    url = site.add("medium.zip", 64 * MIB).replace("/medium", "/throttled/medium")
    times = await _in_turns(
        {
            "ours": lambda: _row(here, url),
            "aria2c -x16": lambda: peers.seconds(site, peers.aria2c(url, target), target),
            "yt-dlp": lambda: peers.seconds(site, peers.ytdlp(url, target), target),
            "gallery-dl": lambda: peers.seconds(site, peers.gallerydl(url, target), target),
        },
        slow=("yt-dlp", "gallery-dl"),
    )
    goal = "at most 1.3 times aria2c -x16, over 18 times faster than the two"
    return Figure("64 MiB, 2 MB/s a connection", _against(times, "aria2c -x16"), goal)


async def _pictures(site: Site, here: Installation, target: Path) -> Figure:
    urls = [site.add(f"pictures/{number}.jpg", 200 * 1024) for number in range(PICTURES)]
    urls = [url.replace("/pictures", "/late/pictures") for url in urls]
    listed = site.root.parent / "listed.txt"
    listed.write_text("\n".join(urls))
    files = "".join(f'<file name="{n}.jpg"><url>{url}</url></file>' for n, url in enumerate(urls))
    (site.root / "album.meta4").write_text(f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{files}</metalink>')
    times = await _in_turns(
        {
            "ours": lambda: _row(here, f"{site.base}/album.meta4"),
            "aria2c -j32": lambda: peers.seconds(site, peers.aria2c_many(listed, target), target),
            "gallery-dl": lambda: peers.seconds(site, peers.gallerydl_many(listed, target), target),
        },
        slow=("gallery-dl",),
    )
    goal = "at most 2 times aria2c -j32, over 14 times faster than gallery-dl"
    return Figure(f"{PICTURES} files of 200 KiB, 50 ms latency", _against(times, "aria2c -j32"), goal)


async def _segments(site: Site, here: Installation, target: Path, *, late: str) -> Figure:
    await make_stream(site.root / "hls")
    url = f"{site.base}/{late}hls/index.m3u8"
    listed = site.root.parent / "stream.txt"
    names = sorted(path.name for path in (site.root / "hls").iterdir())
    listed.write_text("".join(f"{site.base}/{late}hls/{name}\n" for name in names))
    times = await _in_turns(
        {
            "ours": lambda: _row(here, url),
            "yt-dlp -N 8": lambda: peers.seconds(site, peers.ytdlp(url, target, "-N", "8"), target),
            "aria2c -j32, then ffmpeg": lambda: peers.seconds(site, peers.aria2c_and_ffmpeg(listed, target), target),
        }
    )
    name = f"HLS, {SEGMENTS} segments of 500 KB{', 50 ms latency' if late else ''}"
    return Figure(name, _against(times, "yt-dlp -N 8"), "at least 5 times faster than yt-dlp -N 8")


async def make_stream(directory: Path) -> None:
    """Segments of four seconds of noise at 1 Mbit/s."""
    if directory.exists():
        return
    directory.mkdir()
    rate = ("-b:v", "1M", "-minrate", "1M", "-maxrate", "1M", "-bufsize", "1M", "-x264-params", "nal-hrd=cbr")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "40", *rate)
    hls = ("-f", "hls", "-hls_time", "4", "-hls_list_size", "0", "-hls_playlist_type", "vod")
    noise = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "160x90", "-r", "10", "-i", "/dev/urandom")
    argv = ["ffmpeg", "-nostdin", "-loglevel", "error", *noise, "-t", str(4 * SEGMENTS)]
    subprocess.run([*argv, *coded, *hls, str(directory / "index.m3u8")], check=True, timeout=600)  # noqa: ASYNC221


async def _rows(site: Site, here: Installation) -> list[Figure]:
    url = site.add("small.bin", MIB)
    runner = psutil.Process(here.programs["download"].pid)
    before = runner.io_counters().write_chars
    began = time.monotonic()
    values = ", ".join(f"('{url}?{number}', 0)" for number in range(ROWS))
    here.database.execute(f"INSERT INTO downloads (url, upload) VALUES {values}")
    await wait_until(lambda: _left(here) == 0, 120, description="rows")
    took = time.monotonic() - began
    written = (runner.io_counters().write_chars - before) / took / MIB
    return [
        Figure(f"{ROWS} rows of 1 MiB waiting", f"{ROWS / took:.0f} rows a second", "at least 20 rows a second"),
        Figure("what the runner writes meanwhile (database, manifests, log)", f"{written:.2f} MiB/s", "under 1 MiB/s"),
    ]


def _left(here: Installation) -> int:
    done = "status IN ('downloaded', 'failed')"
    return int(here.database.execute(f"SELECT count(*) FROM downloads WHERE NOT {done}").fetchone()[0])


async def _row(here: Installation, url: str) -> float:
    began = time.monotonic()
    row_id = here.ask(url)
    took = await here.until(row_id, "downloaded", every=0.005) - began
    here.remove(row_id)
    return took


async def _in_turns(timed: Mapping[str, Timed], slow: Sequence[str] = ()) -> dict[str, list[float]]:
    """Seconds of each; the order changes from round to round, so that none always comes first."""
    names = list(timed)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if name not in slow or number < FEW:
                times[name].append(await timed[name]())
    return times


def _against(times: Mapping[str, list[float]], peer: str) -> str:
    medians = {name: statistics.median(samples) for name, samples in times.items()}
    listed = ", ".join(f"{name} {median:.2f} s (n = {len(times[name])})" for name, median in medians.items())
    return f"{medians['ours'] / medians[peer]:.2f} times {peer}: {listed}"
