"""Before a delivery: plans what is done with each file, shows the plan, does it, and records what came of it."""

import asyncio
import json
import mimetypes
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from core.deliveries import Deliveries
from core.models import Download, MediaFile, NewMediaFile
from core.queries import Queries
from core.store import Store
from upload_module.deliverables import Deliverables
from upload_module.finished_files import checked
from upload_module.fitting.fit import Step
from upload_module.fitting.fitting_board import FittingBoard
from upload_module.fitting.fitting_room import FittingRoom
from upload_module.fitting.planner import FitPlan, Planned
from upload_module.upload_manager import Limits

T = TypeVar("T")

KINDS = ("video", "audio", "image")


class Preparation:
    """Makes the files of downloads fit their destination."""

    def __init__(
        self, *, store: Store, queries: Queries, deliveries: Deliveries, room: FittingRoom, rest: Step = Step.KEEP
    ) -> None:
        """Make it; `rest` is what is done with files that can't be made to fit."""
        self._store = store
        self._queries = queries
        self._deliveries = deliveries
        self._room = room
        self._rest = rest

    async def prepare(self, download: Download, limits: Limits) -> None:
        """Make all files fit that can be made to; what can't be stays as it is.

        Raises:
            UploadError: a file is gone, or was changed.
        """
        files = Deliverables(await self._queries.all_files(download.id))
        todo = files.unfitted()
        for file in todo:
            checked(file)
        looks = await _side_by_side([self._room.look(file, limits.file) for file in todo])
        plan = FitPlan(files=tuple(looks), limits=limits, rest=self._rest)
        await self._store.write(download, upload_plan=json.dumps(plan.as_json()))
        made = await self._make(download, plan)
        for planned, paths in zip(plan.files, made, strict=True):
            new = [_row(planned.file, path) for path in paths]
            known = [(one.path, one.bytes) for one in files.made_of(planned.file)]
            if [(one.path, one.bytes) for one in new] != known:
                await self._deliveries.record_fitted(download, planned.file.id, new)

    async def _make(self, download: Download, plan: FitPlan) -> list[tuple[Path, ...]]:
        if not plan.work:
            return [planned.made for planned in plan.files]
        board = FittingBoard(plan.work)
        writing = asyncio.create_task(board.keep(self._store, download), name=f"fitting {download.id}")

        async def make(planned: Planned) -> tuple[Path, ...]:
            if not planned.needs_work:
                return planned.made
            report = board.report_of(planned)
            made = await self._room.make(planned, plan.limits.file, epoch=download.epoch, report=report)
            board.ended(planned)
            return made

        try:
            made = await _side_by_side([make(planned) for planned in plan.files])
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        await self._store.write(download, progress=100.0, eta_seconds=None)
        return made


def _row(source: MediaFile, path: Path) -> NewMediaFile:
    mime_type = mimetypes.guess_type(path.name, strict=False)[0]
    family = (mime_type or "").partition("/")[0]
    return NewMediaFile(
        path=str(path),
        kind=family if family in KINDS else source.kind,
        mime_type=mime_type,
        bytes=path.stat().st_size,
        source_url=source.source_url,
        description=source.description,
    )


async def _side_by_side(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in their order; the first error ends all others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
