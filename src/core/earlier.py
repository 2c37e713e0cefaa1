"""What was downloaded before: the same media in the same place, wanted in the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import Destination, Download, MediaFile, SameBy, Status
from core.rows import to_download, to_media_file
from core.sql_functions import utc_in
from core.storage_book import has_files
from core.tables import downloads, media_files

LOOKED_AT = 20  # of the newest; older ones of a link that is asked for more often are not worth the time
COMPARED = 500  # downloads whose files are compared with new ones
LIKELY = 50  # of those, the newest that may be the same
COARSE, COARSE_SECONDS = 0.1, 1.5  # by how much shape and length of what looks the same may differ, and some more
DELETED = 0  # the message's id of a file whose message was certainly there, and somebody deleted it
NOT_SHAPING = ("force", "spoiler", "to")  # options that change nothing in the files
UNSAME = {"same_as": None, "same_by": None, "same_url": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier download and its files, without what was made of them to fit."""

    download: Download
    files: tuple[MediaFile, ...]

    @property
    def message(self) -> str | None:
        """The address of its first message; None when not all files were posted, or somebody deleted some."""
        ids = [file.delivered_message_id for file in self.files]
        if not ids or not all(ids):
            return None
        return f"https://discord.com/channels/{self.download.guild_id or '@me'}/{_place(self.download)}/{ids[0]}"

    def may_be_named_to(self, claim: Download) -> bool:
        """Whether the one who asks reads its message anyway, hidden if he wants it hidden.

        Other channels may be private, or not for everybody's eyes.
        """
        hidden = self.download.options.get("spoiler") or not claim.options.get("spoiler")
        return bool(hidden) and _place(claim) is not None and _place(self.download) == _place(claim)


def _place(download: Download) -> int | None:
    """The channel that its files go to."""
    return download.thread_id or download.channel_id


def shaping(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that decide what the files are."""
    return {name: value for name, value in options.items() if name not in NOT_SHAPING and value not in (None, False)}


def as_same(before: Before, by: SameBy) -> dict[str, Any]:
    """The columns that say that a download is the same as an earlier one."""
    return {"same_as": before.download.id, "same_by": by, "same_url": before.message}


class Earlier:
    """Finds earlier downloads of the guild; where there is none, of the member."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_media(self, claim: Download, site: str, media_id: str, *, days: float) -> list[Before]:
        """Those of the same media with the same options, the newest first, no older than so many days.

        Those are among them whose files are here and are still to be delivered.
        """
        media = and_(downloads.c.site == site, downloads.c.media_id == media_id)
        found = await self._find(claim, media, days=days, limit=LOOKED_AT)
        return [one for one in found if shaping(one.download.options) == shaping(claim.options)]

    async def with_files(self, claim: Download, files: Sequence[MediaFile], *, days: float) -> list[Before]:
        """Those of the newest that were posted where this one goes and may have the same files, the newest first."""
        alike = _may_be_alike(files)
        if alike is None:
            return []
        posted = and_(downloads.c.status == Status.UPLOADED, downloads.c.destination == Destination.DISCORD)
        there = func.coalesce(downloads.c.thread_id, downloads.c.channel_id) == _place(claim)
        found = await self._find(claim, and_(posted, there), days=days, limit=COMPARED, among_those=alike)
        return [one for one in found if one.may_be_named_to(claim)]

    async def forget_message(self, download_id: int, message_id: int) -> None:
        """Write down that the message with files of a download was deleted."""

        async def work(connection: AsyncConnection) -> None:
            gone = and_(media_files.c.download_id == download_id, media_files.c.delivered_message_id == message_id)
            await connection.execute(update(media_files).where(gone).values(delivered_message_id=DELETED))

        await self._database.write(work)

    async def _find(
        self,
        claim: Download,
        where: ColumnElement[bool],
        *,
        days: float,
        limit: int,
        among_those: ColumnElement[bool] | None = None,
    ) -> list[Before]:
        if claim.guild_id is None and claim.user_id is None:
            return []
        here = (
            downloads.c.guild_id == claim.guild_id
            if claim.guild_id is not None
            else and_(downloads.c.guild_id.is_(None), downloads.c.user_id == claim.user_id)
        )
        fetched = or_(
            downloads.c.status == Status.UPLOADED,
            and_(downloads.c.status.in_((Status.DOWNLOADED, Status.UPLOADING)), has_files()),
        )
        itself = and_(downloads.c.same_by.is_distinct_from(SameBy.LINK), downloads.c.id != claim.id)

        async def work(connection: AsyncConnection) -> list[Before]:
            ended = func.coalesce(downloads.c.finished_at, downloads.c.downloaded_at)
            recent = ended > utc_in(-days * 24 * 3600)
            newest = select(downloads.c.id).where(here, where, fetched, itself, recent)
            newest = newest.order_by(downloads.c.id.desc()).limit(limit)
            statement = select(downloads).where(downloads.c.id.in_(newest)).order_by(downloads.c.id.desc())
            if among_those is not None:
                statement = statement.where(among_those).limit(LIKELY)
            rows = (await connection.execute(statement)).mappings().all()
            files: dict[int, list[MediaFile]] = {row["id"]: [] for row in rows}
            wanted = select(media_files).where(
                media_files.c.download_id.in_(files), media_files.c.fitted_from.is_(None)
            )
            for row in (await connection.execute(wanted.order_by(media_files.c.position))).mappings():
                files[row["download_id"]].append(to_media_file(row))
            return [Before(download=to_download(row), files=tuple(files[row["id"]])) for row in rows]

        return await self._database.read(work)


def _may_be_alike(files: Sequence[MediaFile]) -> ColumnElement[bool] | None:
    """Whether one of a row's files may be one of these, or look like the first; None: nothing is known of these.

    Coarser than the comparison itself: it only spares reading hundreds of rows, which takes 0.1 ms each.
    """
    one = media_files.alias("one")
    sums = [file.sha256 for file in files if file.sha256]
    alike: list[ColumnElement[bool]] = [one.c.sha256.in_(sums)] if sums else []
    first = files[0] if files else None
    if first is not None and first.perceptual_hash:
        seen: list[ColumnElement[bool]] = [one.c.perceptual_hash.is_not(None), one.c.kind == first.kind]
        if first.width and first.height:
            shape = first.width / first.height
            near = one.c.width.between(one.c.height * shape * (1 - COARSE), one.c.height * shape * (1 + COARSE))
            seen.append(or_(one.c.width.is_(None), one.c.height.is_(None), near))
        if first.duration_seconds:
            length, seconds = first.duration_seconds, one.c.duration_seconds
            seen.append(or_(seconds.is_(None), seconds.between(length - COARSE_SECONDS, length + COARSE_SECONDS)))
        alike.append(and_(*seen))
    if not alike:
        return None
    of_the_row = and_(one.c.download_id == downloads.c.id, one.c.fitted_from.is_(None))
    return select(one.c.id).where(of_the_row, or_(*alike)).exists()
