"""Looks how files can be made to fit, and does it: so many at once as the admin allows, over all downloads."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from loguru import logger

from core.errors import ChecksumMismatch, CompressionFailed, DiskFull, ProgramEnded
from core.models import MediaFile
from core.room import free_at
from upload_module.fitting.fit import Fitter, Report, Step, Way
from upload_module.fitting.fitted_files import FittedFiles
from upload_module.fitting.planner import Planned, as_is, usable
from upload_module.upload_manager import in_units

QUICK_AT_ONCE = 4
Fitters = Mapping[str, Sequence[Fitter]]  # by `MediaFile.kind`; the first one that knows a way is asked


class FittingRoom:
    """One for a whole runner."""

    def __init__(self, *, fitters: Fitters, fitted: FittedFiles, at_once: int) -> None:
        self._fitters = fitters
        self._fitted = fitted
        self._encoding = asyncio.Semaphore(at_once)
        self._looking = asyncio.Semaphore(QUICK_AT_ONCE)
        self._copying = asyncio.Semaphore(QUICK_AT_ONCE)

    async def look(self, file: MediaFile, limit: int) -> Planned:
        """What is best done with a file to deliver it in at most `limit` bytes."""
        # What fits may still be better repacked, so that it is seen or plays in the channel.
        if file.bytes <= limit and (file.kind not in self._fitters or file.fitted_from is not None):
            return as_is(file)
        before = await asyncio.to_thread(self._fitted.of, file, limit)
        if before is not None:
            way, paths = before
            return Planned(file=file, ways=(way,), made=paths)
        async with self._looking:
            for fitter in self._fitters.get(file.kind, ()):
                ways = usable(await fitter.ways(Path(file.path), limit), limit)
                if ways and ways[0].step is not Step.AS_IS:
                    return Planned(file=file, ways=ways, fitter=fitter)
        return as_is(file) if file.bytes <= limit else Planned(file=file, ways=())

    async def make(self, planned: Planned, limit: int, *, epoch: int, report: Report) -> tuple[Path, ...]:
        """Go the ways of a file until one succeeds; the finished files, none if it is the file itself, or no way did.

        Cancelling it ends within a second, and leaves nothing that runs.

        Raises:
            ProgramEnded: no way led to the end, and one of them was cut off.
        """
        assert planned.fitter is not None, "there is something to do"
        cut_off: ProgramEnded | None = None
        for way in planned.ways:
            if way.step is Step.AS_IS:
                break
            # What copies streams takes a moment: it does not wait for the hours of somebody else's film.
            async with self._encoding if way.step in (Step.COMPRESS, Step.SPLIT) else self._copying:
                try:
                    return await self._made(planned.fitter, planned.file, way, limit, epoch, report)
                except (CompressionFailed, ChecksumMismatch, ProgramEnded) as error:  # ffmpeg could not read or make it
                    cut_off = error if isinstance(error, ProgramEnded) else cut_off
                    log = logger.bind(download=planned.file.download_id, file=planned.file.id)
                    log.warning("{} ({}): {}", way.step, way.says, error)
        if cut_off is not None:
            raise cut_off  # the same may succeed next time
        return ()

    async def _made(
        self, fitter: Fitter, file: MediaFile, way: Way, limit: int, epoch: int, report: Report
    ) -> tuple[Path, ...]:
        workshop = await asyncio.to_thread(self._fitted.workshop, file, epoch)
        try:
            # What is delivered makes room, so it may use the reserve that downloads leave; but hours of encoding must
            # not end on a full disk.
            needed = min(limit, file.bytes) if way.step is Step.COMPRESS else max(file.bytes, way.predicted_bytes)
            if free_at(workshop) < needed:
                raise DiskFull(needed=needed)
            made = await fitter.make(Path(file.path), way, limit, workshop, report)
            largest = max((path.stat().st_size for path in made), default=0)
            if not made or largest > limit:
                raise CompressionFailed(f"What came out is {in_units(largest, up=True)}: it does not fit.")
            return await asyncio.to_thread(self._fitted.keep, file, way, limit, workshop, made)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)  # half a film; what was kept is elsewhere
