"""A fitter at the seam: makes a file smaller by cutting it off, and can be held, refused and counted."""

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import CompressionFailed
from upload_module.fitting.fit import Report, Step, Way


@dataclass(slots=True, kw_only=True)
class Cutter:
    """Implements `Fitter`."""

    parts: int = 1
    repacks: bool = False  # whether a file that fits gets another container
    fails_at: tuple[str, ...] = ()  # what the ways say that don't work
    offers: tuple[str, ...] = ("720p",)  # what the ways say; none: nothing can be done
    fill: float = 1.0  # bytes of the limit that come out
    reports: tuple[float, float | None] | None = None  # percent and seconds that are left
    held: asyncio.Event = field(default_factory=asyncio.Event)
    made: list[tuple[str, str, int]] = field(default_factory=list)  # name, way, limit of what was begun
    cancelled: int = 0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.held.set()

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        size = file.stat().st_size
        if size <= limit_bytes:
            as_is = Way(step=Step.AS_IS, predicted_bytes=size, says="as it is")
            return [Way(step=Step.REMUX, predicted_bytes=size, says="as mp4"), as_is] if self.repacks else [as_is]
        step = Step.SPLIT if self.parts > 1 else Step.COMPRESS
        return [Way(step=step, predicted_bytes=limit_bytes, parts=self.parts, says=says) for says in self.offers]

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        self.made.append((file.name, way.says, limit_bytes))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        if self.reports:
            report("encoding", *self.reports)
        try:
            await self.held.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1
        if way.says in self.fails_at:
            raise CompressionFailed
        content = file.read_bytes()
        if way.step is Step.REMUX:
            return [Path(shutil.copy(file, directory / "0.mp4"))]
        made = []
        for number in range(self.parts):
            path = directory / f"{number}.mp4"
            path.write_bytes(content[number : number + max(int(limit_bytes * self.fill), 1)])
            made.append(path)
        return made
