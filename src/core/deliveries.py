"""What a delivery writes down, so that it happens once: each file's nonce before it is sent, its place afterwards."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.errors import RowChanged
from core.models import UPLOAD_STAGE, Download, MediaFile, NewMediaFile, Status
from core.rows import storable, to_media_file
from core.tables import downloads, events, media_files

T = TypeVar("T")


class Deliveries:
    """The writes of an upload runner about the files of the rows that it holds.

    A write about a row that is no longer held writes nothing and raises `RowChanged`.
    """

    def __init__(self, database: Database, *, runner: str) -> None:
        self._database = database
        self._runner = runner

    async def commit_nonce(self, claim: Download, file_ids: Sequence[int], nonce: str) -> None:
        """Write down under which nonce these files are about to be sent together."""
        await self._write_files(claim, file_ids, nonce=nonce)

    async def forget_nonce(self, claim: Download, file_ids: Sequence[int]) -> None:
        """These files were certainly not sent under their nonce."""
        await self._write_files(claim, file_ids, nonce=None)

    async def record_looks(self, claim: Download, file_id: int, perceptual_hash: str) -> None:
        """Write down what a file looks like."""
        await self._write_files(claim, [file_id], perceptual_hash=perceptual_hash)

    async def record_message(self, claim: Download, message_id: int, urls: Mapping[int, str | None]) -> None:
        """Write down the message that carries files, and the address of each, by the file's id."""

        async def work(connection: AsyncConnection) -> None:
            for file_id, url in urls.items():
                await _update_file(connection, claim, file_id, delivered_message_id=message_id, delivered_url=url)
            await _complete_sources(connection, claim)

        await self._while_held(claim, work)

    async def record_fitted(self, claim: Download, file_id: int, made: Sequence[NewMediaFile]) -> None:
        """Write down what was made of a file: it is delivered in its place. What was made of it before is forgotten."""

        async def work(connection: AsyncConnection) -> None:
            known = await _files(connection, claim)
            if not any(file.id == file_id for file in known):
                raise RowChanged
            gone = {file_id}
            for file in sorted(known, key=lambda file: file.id):  # what is made of a file is younger than it
                gone |= {file.id} if file.fitted_from in gone else set()
            gone -= {file_id}
            await connection.execute(delete(media_files).where(media_files.c.id.in_(gone)))
            free = max(file.position for file in known if file.id not in gone) + 1
            for position, new in enumerate(made, free):
                row = storable(dataclasses.asdict(new))
                row |= {"download_id": claim.id, "position": position, "fitted_from": file_id}
                await connection.execute(insert(media_files).values(**row))

        await self._while_held(claim, work)

    async def reserve_target(self, claim: Download, file_id: int, target: str) -> bool:
        """Write down where a file is about to be placed; False when another delivery is about to place one there."""

        async def work(connection: AsyncConnection) -> bool:
            underway = (
                select(media_files.c.id)
                .join(downloads, downloads.c.id == media_files.c.download_id)
                .where(media_files.c.nonce == target, media_files.c.id != file_id)
                .where(media_files.c.delivered_url.is_(None))
                .where(downloads.c.status.in_((UPLOAD_STAGE.takes, *UPLOAD_STAGE.works_in)))
            )
            if (await connection.execute(underway.limit(1))).first() is not None:
                return False
            await _update_file(connection, claim, file_id, nonce=target)
            return True

        return await self._while_held(claim, work)

    async def record_target(self, claim: Download, file_id: int, *, url: str, path: str) -> None:
        """Write down that a file lies where it was to be placed."""
        await self._write_files(claim, [file_id], delivered_url=url, path=path)

    async def recorded_messages(self, message_ids: Sequence[int]) -> set[int]:
        """Which of these messages are known to carry files already."""

        async def work(connection: AsyncConnection) -> set[int]:
            column = media_files.c.delivered_message_id
            return {found for (found,) in await connection.execute(select(column).where(column.in_(message_ids)))}

        return await self._database.read(work)

    async def was_told(self, claim: Download, sentence: str, *, since_epoch: int) -> bool:
        """Whether the row failed with this sentence, in that epoch or later, and so was set back by a person."""

        async def work(connection: AsyncConnection) -> bool:
            told = select(events.c.id).where(
                events.c.download_id == claim.id,
                events.c.moved_to == Status.FAILED,
                events.c.note == sentence,
                events.c.epoch >= since_epoch,
            )
            return (await connection.execute(told.limit(1))).first() is not None

        return await self._database.read(work)

    async def resume_waiting(self, error_kind: str) -> int:
        """Make rows due that wait after an error of this kind; how many."""
        where = and_(
            downloads.c.status == UPLOAD_STAGE.takes,
            downloads.c.error_kind == error_kind,
            downloads.c.available_at.is_not(None),
        )

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(update(downloads).where(where).values(available_at=None))).rowcount

        return await self._database.write(work)

    async def _write_files(self, claim: Download, file_ids: Sequence[int], **values: Any) -> None:
        async def work(connection: AsyncConnection) -> None:
            for file_id in file_ids:
                await _update_file(connection, claim, file_id, **values)

        await self._while_held(claim, work)

    async def _while_held(self, claim: Download, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def guarded(connection: AsyncConnection) -> T:
            # FOR UPDATE matters on PostgreSQL; on SQLite the transaction holds the only write lock.
            held = select(downloads.c.id).where(self._held(claim)).with_for_update()
            if (await connection.execute(held)).first() is None:
                raise RowChanged
            return await work(connection)

        return await self._database.write(guarded)

    def _held(self, claim: Download) -> ColumnElement[bool]:
        return and_(
            downloads.c.id == claim.id,
            downloads.c.epoch == claim.epoch,
            downloads.c.claimed_by == self._runner,
            downloads.c.status.in_(UPLOAD_STAGE.works_in),
        )


async def _files(connection: AsyncConnection, claim: Download) -> list[MediaFile]:
    rows = await connection.execute(select(media_files).where(media_files.c.download_id == claim.id))
    return [to_media_file(row) for row in rows.mappings()]


async def _complete_sources(connection: AsyncConnection, claim: Download) -> None:
    """A file is delivered as soon as all that was made of it is: it gets the first address and the last message."""
    files = {file.id: file for file in await _files(connection, claim)}
    for file in sorted(files.values(), key=lambda file: -file.id):  # what is made of a file is younger than it
        made = sorted((one for one in files.values() if one.fitted_from == file.id), key=lambda one: one.position)
        messages = [one.delivered_message_id for one in made if one.delivered_message_id is not None]
        if file.delivered_message_id is None and made and len(messages) == len(made):
            url = made[0].delivered_url
            await _update_file(connection, claim, file.id, delivered_message_id=messages[-1], delivered_url=url)
            files[file.id] = dataclasses.replace(file, delivered_message_id=messages[-1], delivered_url=url)


async def _update_file(connection: AsyncConnection, claim: Download, file_id: int, **values: Any) -> None:
    where = and_(media_files.c.id == file_id, media_files.c.download_id == claim.id)
    if (await connection.execute(update(media_files).where(where).values(**values))).rowcount != 1:
        raise RowChanged  # the files were replaced: what was claimed is no longer there
