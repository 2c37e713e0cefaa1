"""Videos to a number of bytes: how often that is met, what it costs, and how it looks, beside what people use else.

`python -m benchmarks.fitting [--quick | --seconds N] [--alone] [--cache DIR] [--vmaf FFMPEG] [--peer FF4D] [FILE...]`

* `--seconds`: only videos of at most so many seconds; `--alone`: without the others and without a look at the quality.
* `--cache`: where the corpus is made once (`tests/support/corpus.py`; all of it takes some minutes and 2 GB).
* `--vmaf`: an ffmpeg with libvmaf, such as the one that the package imageio-ffmpeg brings; without it SSIM is taken.
* `--peer`: the command of ffmpeg4discord, in an environment of its own:
  `python -m venv /tmp/peer && /tmp/peer/bin/pip install ffmpeg4discord imageio-ffmpeg`, then `/tmp/peer/bin/ff4d`.
* `FILE`: more videos to measure with, such as natural pictures.

Each video is brought to shares of its size, and by the full run to the limits of Discord that are below it.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, table
from core.ffmpeg_run import Ffmpeg
from tests.support.corpus import VIDEOS
from upload_module.fitting.ffmpeg_abilities import FfmpegAbilities
from upload_module.fitting.fit import FitRules
from upload_module.fitting.source_facts import SourceFacts, facts_of
from upload_module.fitting.video_encoder import AIM, VideoEncoder
from upload_module.fitting.video_rates import VideoGoal, video_goal

MIB = 1024**2
LIMITS = (8 * MIB, 10 * MIB, 20 * MIB, 50 * MIB)
SHARES = (0.4, 0.12)  # of the source
QUICK = ("card-360p", "odd", "tracks", "varying")
FULL = 0.9  # of the limit, that should be used
TALLEST = 1080  # pixels, at which quality is measured
NOWHERE = "http://127.0.0.1:9"  # the peer asks the internet for a newer version of itself


@dataclass(slots=True)
class Result:
    """What one encoder made of all cases."""

    fills: list[float] = field(default_factory=list)
    encodes: list[int] = field(default_factory=list)
    seen: dict[str, tuple[float, float, float]] = field(default_factory=dict)  # mean, 5th percentile, CPU seconds
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run."""

    work: Path
    vmaf: str | None
    peer: str | None
    alone: bool
    ours: Result = field(default_factory=Result)
    plain: Result = field(default_factory=Result)
    theirs: Result = field(default_factory=Result)

    async def case(self, path: Path, limit: int) -> None:
        """One video to one limit, by each encoder."""
        facts = await facts_of(path)
        assert facts is not None
        assert facts.picture is not None
        rules = FitRules(niceness=19)
        goal = video_goal(facts, facts.seconds or 1.0, limit * AIM, rules)
        if goal is None:
            print(f"{path.name} to {limit}: below the lowest rates", file=sys.stderr)
            return
        encoder = VideoEncoder(ffmpeg=Ffmpeg(niceness=19), rules=rules, abilities=FfmpegAbilities())
        target = self._target("ours")
        before = _cpu()
        made = await encoder.encode(facts, goal, limit, target, lambda *_: None)
        await self._add(self.ours, facts, target, limit, before)
        self.ours.encodes.append(made.encodes)
        print(f"       {made.encodes} encodes, {made.goal.says}", file=sys.stderr)
        if self.alone:
            return
        target = self._target("plain")
        before = _cpu()
        _two_passes(facts, made.goal, goal, target)
        await self._add(self.plain, facts, target, limit, before)
        if self.peer:
            await self._peer(facts, limit)

    async def _peer(self, facts: SourceFacts, limit: int) -> None:
        target = self._target("theirs")
        before = _cpu()
        command = [str(self.peer), "-s", f"{limit / MIB:.4f}", "-o", str(target.parent), str(facts.path)]
        environment = dict(os.environ, https_proxy=NOWHERE, http_proxy=NOWHERE)
        _run(command, environment=environment, check=False)
        made = list(target.parent.glob("*.*"))
        if made:
            await self._add(self.theirs, facts, made[0], limit, before)
        else:
            self.theirs.refused += 1

    def _target(self, name: str) -> Path:
        directory = self.work / f"{name}-{time.monotonic_ns()}"
        directory.mkdir()
        return directory / "made.mp4"

    async def _add(self, result: Result, facts: SourceFacts, made: Path, limit: int, before: float) -> None:
        cpu = _cpu() - before
        result.fills.append(made.stat().st_size / limit)
        assert facts.picture is not None
        told = f"{facts.path.name} to {limit / MIB:.2f} MiB"
        print(f"{made.parent.name.partition('-')[0]:6} {told}: {result.fills[-1]:.3f}, {cpu:.1f} s", file=sys.stderr)
        if facts.picture.hdr is None and not self.alone:  # what is made of it should not look the same
            frames = await self._frames(facts, made)
            result.seen[told] = (statistics.fmean(frames), frames[len(frames) // 20], cpu)

    async def _frames(self, facts: SourceFacts, made: Path) -> list[float]:
        """The quality of each frame, the worst first: VMAF, or SSIM times 100."""
        assert facts.picture is not None
        factor = min(1.0, TALLEST / facts.picture.short_side)
        size = f"{int(facts.picture.width * factor) // 2 * 2}:{int(facts.picture.height * factor) // 2 * 2}"
        log = self.work / "frames"
        measure = f"libvmaf=n_threads=2:n_subsample=5:log_fmt=json:log_path={log}"
        if not self.vmaf:
            measure = f"ssim=stats_file={log}"
        scaled = f"scale={size}:flags=bicubic,setsar=1,format=yuv420p"
        found = await facts_of(made)
        if found and found.picture and not facts.picture.varies and abs(found.picture.fps - facts.picture.fps) < 0.1:
            scaled += f",setpts=N/{facts.picture.fps}/TB"  # containers round times each in its own way
        graph = f"[0:v]{scaled}[made];[1:v]{scaled}[source];[made][source]{measure}"
        inputs = ["-i", str(made), "-i", str(facts.path)]
        command = [self.vmaf or "ffmpeg", "-nostdin", "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"]
        _run(command)
        said = log.read_text(encoding="utf-8")
        if self.vmaf:
            return sorted(float(frame["metrics"]["vmaf"]) for frame in json.loads(said)["frames"])
        return sorted(100 * float(line.partition("All:")[2].split()[0]) for line in said.splitlines())


async def measure(
    *,
    quick: bool = False,
    longest: float | None = None,
    alone: bool = False,
    cache: Path | None = None,
    vmaf: str | None = None,
    peer: str | None = None,
    more: Sequence[Path] = (),
) -> list[Figure]:
    """All cases, or those of a few short videos, or of those up to `longest` seconds."""
    with TemporaryDirectory() as work:
        bench = Bench(work=Path(work), vmaf=vmaf, peer=peer, alone=alone)
        chosen = [sample for sample in VIDEOS if not quick or any(word in sample.name for word in QUICK)]
        chosen = [sample for sample in chosen if longest is None or sample.seconds <= longest]
        for path in (*(sample.path(cache or bench.work / "corpus") for sample in chosen), *more):
            size = path.stat().st_size
            limits = {int(size * share) for share in SHARES}
            for limit in sorted(limits if quick else limits | {limit for limit in LIMITS if limit < size}):
                await bench.case(path, limit)
        return _figures(bench)


def _figures(bench: Bench) -> list[Figure]:
    ours, number = bench.ours, len(bench.ours.fills)
    over = sum(fill > 1 for fill in ours.fills)
    met = sum(FULL <= fill <= 1 for fill in ours.fills)
    name = "VMAF" if bench.vmaf else "SSIM x 100"
    figures = [
        Figure("results over the limit", f"{over} of {number}", "0"),
        Figure("results of 90 to 100 % of the limit", f"{met} of {number}", "97 %"),
        Figure("encodes for each", f"{statistics.fmean(ours.encodes):.2f}", "under 1.1"),
    ]
    who = {"ours": ours, "x264 medium, same height": bench.plain}
    if bench.alone:
        who = {}
    if bench.peer:
        who["ffmpeg4discord"] = bench.theirs
    both = (
        set.intersection(*(set(result.seen) for result in who.values())) if who else set()
    )  # what none of them refused
    for whose, result in who.items() if both else ():
        mean, worst, _ = (statistics.fmean(result.seen[case][place] for case in both) for place in range(3))
        cpu = sum(result.seen[case][2] for case in both)
        over = sum(fill > 1 for fill in result.fills)
        told = f"{mean:.1f}; {worst:.1f}; {cpu:.0f} s; {over} over, {result.refused} refused"
        figures.append(Figure(f"{name}, its 5th percentile, CPU of {len(both)}: {whose}", told, ""))
    return figures


def _two_passes(facts: SourceFacts, reached: VideoGoal, goal: VideoGoal, target: Path) -> None:
    """What a knowing person would type."""
    sound = ("-c:a", "aac", "-b:a", str(goal.sound.bps)) if goal.sound else ("-an",)
    common = ["-vf", f"scale={reached.width}:{reached.height},format=yuv420p", "-c:v", "libx264"]
    common += ["-b:v", str(goal.video_bps), "-passlogfile", str(target.with_suffix(".log"))]
    ffmpeg = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(facts.path), *common]
    _run([*ffmpeg, "-pass", "1", "-an", "-f", "mp4", os.devnull])
    _run([*ffmpeg, "-pass", "2", *sound, str(target)])


def _run(command: Sequence[str], *, environment: dict[str, str] | None = None, check: bool = True) -> None:
    subprocess.run(["nice", "-n", "19", *command], env=environment, check=check, capture_output=True)


def _cpu() -> float:
    """Seconds of all children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--vmaf")
    parser.add_argument("--peer")
    parser.add_argument("more", type=Path, nargs="*", metavar="FILE")
    asked = parser.parse_args()
    figures = asyncio.run(
        measure(
            quick=asked.quick,
            longest=asked.seconds,
            alone=asked.alone,
            cache=asked.cache,
            vmaf=asked.vmaf,
            peer=asked.peer,
            more=asked.more,
        )
    )
    print(table(figures))


if __name__ == "__main__":
    main()
