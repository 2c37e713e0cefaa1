"""The room on the disk that downloads fill: what is left, what is promised to whom, and what a row waits for."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.models import Stage
from core.tables import Whole, downloads

MIB = 1024 * 1024
ENDLESS = 2**62  # bytes; nobody watches the disk
LEAST = 64 * MIB  # bytes that must be free before a download of unknown size goes on
WAITS = "waits for room on the disk of this bot"  # in the column `activity`


@dataclass(slots=True, eq=False)
class Room:
    """Bytes that may still be promised to rows, as its watch saw it last."""

    left: int = ENDLESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk of a directory, of which `reserve` bytes are left to everything else."""

    directory: Path
    reserve: int

    def free(self) -> int:
        """Bytes that are free, the reserve included."""
        return free_at(self.directory)

    def ever(self) -> int:
        """Bytes that downloads could have if nothing else were there."""
        return shutil.disk_usage(_there(self.directory)).total - self.reserve


def free_at(place: Path) -> int:
    """Bytes that are free where `place` is, or will be made."""
    return shutil.disk_usage(_there(place)).free


def _there(place: Path) -> Path:
    place = place.absolute()
    return next(path for path in (place, *place.parents) if path.exists())


def has_room(stage: Stage, room: Room) -> ColumnElement[bool]:
    """Whether there is the room that a row needs; what fills the disk needs some in any case."""
    unknown = 0 if stage.delivers else 1
    left: ColumnElement[int] = bindparam("room", callable_=lambda: max(room.left, 0), type_=Whole, unique=True)
    return func.coalesce(downloads.c.room_needed, unknown) <= left


def still_needed() -> ColumnElement[int]:
    """Bytes that a row which was stopped for lack of room waits for."""
    size, here = downloads.c.file_size, downloads.c.downloaded_bytes
    # Of unknown size: as much again as there is, so that it does not stop and go with every megabyte.
    return case((size > here, size - here), (here > LEAST, here), else_=LEAST)


async def whole_size(connection: AsyncConnection, *, download_id: int) -> int:
    """Bytes that a row would have on the disk when it has what it waits for; see `still_needed`."""
    size, here = downloads.c.file_size, downloads.c.downloaded_bytes
    whole = case((size > here, size), else_=2 * here)
    found = (await connection.execute(select(whole).where(downloads.c.id == download_id))).scalar_one_or_none()
    return int(found or 0)


async def promised(connection: AsyncConnection, *, besides: int | None = None) -> int:
    """Bytes that rows which are worked on still have to come, as far as their size is known.

    Those of all machines count: where they have disks of their own, this waits sooner than it must.
    """
    to_come = downloads.c.file_size - downloads.c.downloaded_bytes
    needed = downloads.c.room_needed
    left = case((to_come < 0, 0), (or_(to_come.is_(None), to_come > needed), needed), else_=to_come)
    where: list[ColumnElement[bool]] = [downloads.c.status.in_(("extracting", "downloading")), needed.is_not(None)]
    where += [downloads.c.id != besides] if besides is not None else []
    return int((await connection.execute(select(func.coalesce(func.sum(left), 0)).where(*where))).scalar_one())


async def tell_waiting(connection: AsyncConnection, stage: Stage, *, waits: bool) -> None:
    """Write into all rows that wait why they do, or that they don't any more; nothing where that is so already."""
    told: Any = downloads.c.activity
    where = and_(
        downloads.c.status == stage.takes,
        downloads.c.paused == 0,
        told.is_(None) if waits else and_(told == WAITS, downloads.c.room_needed.is_(None)),
    )
    if (await connection.execute(select(downloads.c.id).where(where).limit(1))).first() is not None:
        await connection.execute(update(downloads).where(where).values(activity=WAITS if waits else None))
