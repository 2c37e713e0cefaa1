"""Damaged media against everything that opens media: `python -m tests.hostile.media_campaign COUNT SEED DIRECTORY`.

Each sample is changed at random and then looked at, put together or made to fit, by the real programs. What came of it
is printed as JSON: how often each class of error, what else was raised, the memory of the largest child, the slowest
case, and for how long at most nothing else could be done meanwhile. The same seed damages the same bytes.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

from loguru import logger

from core.errors import BossBotError
from download_module import media_facts
from download_module.assembler import Assembler
from download_module.plan import Assemble, Kind, Output, Part
from tests.support.sample_media import audio_only, clip, picture
from tests.support.sample_pictures import KINDS
from upload_module.fitting.audio_fitter import AudioFitter
from upload_module.fitting.fit import FitRules, Fitter, Step
from upload_module.fitting.picture_fitter import PictureFitter
from upload_module.fitting.picture_process import PictureProcess
from upload_module.fitting.video_fitter import VideoFitter

RULES = FitRules(min_video_bps=10_000, min_audio_bps=8_000, niceness=0, preset="ultrafast", timeout=60)
AT_ONCE = 4
BEAT = 0.05  # seconds
NUMBERS = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x00\x00\x00", b"\xff\xff\xff\xff" * 2)
VIDEOS = ("a.mp4", "a.mkv", "a.ts", "a.webm", "a.avi", "a.flv")
SOUNDS = ("a.mp3", "a.flac", "a.ogg", "a.wav")
PICTURES = (
    *("a.png", "a.jpg", "a.gif", "a.bmp", "alpha.png"),
    *("cmyk.tif", "orientation-6.heic", "photo.avif", "photo.jpg"),
)
# Of twenty cases; to fit a video takes two passes and some looks.
DRAWN = ("look",) * 11 + ("assemble",) * 3 + ("picture",) * 4 + ("sound",) + ("video",)
Doing = Callable[[Path, Path], Awaitable[str]]


@dataclass(slots=True)
class Outcome:
    """What came of all cases."""

    cases: int = 0
    ends: dict[str, Counter[str]] = field(default_factory=dict)  # by what was done
    surprises: list[str] = field(default_factory=list)  # what is no error of ours
    slowest: float = 0.0  # seconds
    longest_silence: float = 0.0  # seconds in which the event loop did nothing else
    peak_bytes: int = 0  # resident, of the largest child


def make_samples(directory: Path) -> dict[str, bytes]:
    """Small files of every kind."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in VIDEOS:
        codecs = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus") if name == "a.webm" else ()
        clip(directory / name, 0.6, "64x64", options=codecs)
    for name in SOUNDS:
        audio_only(directory / name, 0.6)
    for name in PICTURES:
        if name in KINDS:
            (directory / name).write_bytes(KINDS[name]())
        else:
            picture(directory / name, "64x48")
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The same with one to four changes."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        size = len(changed) or 1
        # What a container says of itself stands at one of its ends.
        at = dice.choice(
            (dice.randrange(min(size, 600)), dice.randrange(size), max(0, size - 1 - dice.randrange(1500)))
        )
        match dice.randrange(7):
            case 0:
                changed[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                number = dice.choice(NUMBERS)
                changed[at : at + len(number)] = number
            case 2:
                del changed[at:]
            case 3:
                changed[at:at] = changed[: dice.randrange(1, 2000)]
            case 4:
                length = dice.randrange(1, 64)
                changed[at : at + length] = bytes(length)
            case 5:
                changed[at : at + 16] = dice.randbytes(16)
            case _:
                del changed[at : at + dice.randrange(1, 64)]
    return bytes(changed)


async def look(file: Path, _work: Path) -> str:
    """What a finished download goes through."""
    await media_facts.verify(file, Kind.VIDEO)
    return (await media_facts.facts_of(file, "https://site.test/")).kind


async def assemble(file: Path, work: Path) -> str:
    """Put together with itself, as video and sound are."""
    out = work / "out"
    out.mkdir()
    part = Part(uris=("https://site.test/a",))
    output = Output(filename=f"made{file.suffix}", kind=Kind.VIDEO, parts=(part, part), assemble=Assemble.MERGE)
    return f"{len(await Assembler().assemble(output, [[file], [file]], out))} made"


def fitted_by(fitter: Fitter) -> Doing:
    """Made to fit into a third of its size."""

    async def fit(file: Path, work: Path) -> str:
        limit = max(2000, file.stat().st_size // 3)
        for way in await fitter.ways(file, limit):
            if way.step in (Step.COMPRESS, Step.REMUX):
                made = await fitter.make(file, way, limit, work, lambda *_: None)
                return f"{len(made)} made"
        return "no way"

    return fit


async def campaign(count: int, seed: int, directory: Path) -> Outcome:
    """Work through the cases, a few at once."""
    samples = await asyncio.to_thread(make_samples, directory / "samples")
    dice = random.Random(seed)
    outcome = Outcome()
    does: dict[str, tuple[tuple[str, ...], Doing]] = {
        "look": ((*VIDEOS, *SOUNDS, *PICTURES), look),
        "assemble": (VIDEOS, assemble),
        "picture": (PICTURES, fitted_by(PictureFitter(PictureProcess(rules=RULES)))),
        "sound": (SOUNDS, fitted_by(AudioFitter(RULES))),
        "video": (VIDEOS, fitted_by(VideoFitter(RULES))),
    }
    few = asyncio.Semaphore(AT_ONCE)
    heart = asyncio.create_task(_beat(outcome))
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            kind = DRAWN[number % len(DRAWN)]
            names, do = does[kind]
            name = dice.choice(names)
            work = directory / f"{number}"
            work.mkdir()
            file = work / name
            file.write_bytes(damaged(samples[name], dice))
            await few.acquire()
            group.create_task(_one(outcome, kind, do, file, work)).add_done_callback(lambda _: few.release())
    heart.cancel()
    outcome.cases = count
    outcome.peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return outcome


async def _one(outcome: Outcome, kind: str, do: Doing, file: Path, work: Path) -> None:
    began = time.monotonic()
    try:
        end = await do(file, work)
    except BossBotError as error:
        end = error.kind
    except Exception as error:  # noqa: BLE001  (this is what is looked for)
        end = "surprise"
        outcome.surprises.append(f"{kind} {file}: {error!r}")
    outcome.ends.setdefault(kind, Counter())[end] += 1
    outcome.slowest = max(outcome.slowest, time.monotonic() - began)


async def _beat(outcome: Outcome) -> None:
    with suppress(asyncio.CancelledError):
        while True:
            began = time.monotonic()
            await asyncio.sleep(BEAT)
            outcome.longest_silence = max(outcome.longest_silence, time.monotonic() - began - BEAT)


def main() -> None:
    """Print the outcome."""
    count, seed, directory = sys.argv[1:]
    logger.remove()
    outcome = asyncio.run(campaign(int(count), int(seed), Path(directory)))
    print(json.dumps({each.name: getattr(outcome, each.name) for each in fields(outcome)}))  # noqa: T201


if __name__ == "__main__":
    main()
