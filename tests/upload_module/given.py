"""What tests of deliveries begin with: a finished download on disk and in the database, and the stage itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.deliveries import Deliveries
from core.file_links import FileLinks
from core.models import UPLOAD_STAGE, Destination, Download, MediaFile, Settlement, Status
from core.queries import Queries
from core.requests import Ask, Requests
from core.store import Store
from core.tables import downloads, media_files
from tests.support.discord_server import MIB, Channel, DiscordServer
from upload_module.courier import AbsentCourier, Courier
from upload_module.discord_courier import NONCE_IS_SAFE, DiscordCourier
from upload_module.finished_files import FinishedFiles
from upload_module.fitting.fit import Step
from upload_module.fitting.fitted_files import FittedFiles
from upload_module.fitting.fitting_room import Fitters, FittingRoom
from upload_module.folder_destination import FolderCourier
from upload_module.links import LinkStore
from upload_module.preparation import Preparation
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits
from upload_module.upload_pooler import UploadPooler
from upload_module.uploader_bot import UploaderBot
from upload_module.virus_check import VirusCheck

LIMITS = Limits(file=20 * MIB, message=25 * MIB)
ONE = {"clip.mp4": b"one clip"}


def media_file(position: int, size: int, name: str | None = None) -> MediaFile:
    """A row of `media_files` that is nowhere on disk."""
    return MediaFile(
        id=position + 1,
        download_id=7,
        position=position,
        path=f"/downloads/7/{name or f'{position}.mp4'}",
        kind="video",
        mime_type=None,
        bytes=size,
        sha256=None,
        duration_seconds=None,
        width=None,
        height=None,
        delivered_url=None,
        delivered_message_id=None,
        nonce=None,
    )


async def downloaded(
    database: Database,
    download_dir: Path,
    files: Mapping[str, bytes] = ONE,
    *,
    channel: Channel | None = None,
    **columns: Any,
) -> int:
    """A row whose files are on disk, waiting for delivery; its id."""
    if channel is not None:
        guild_id = channel.guild.id if channel.guild else None
        columns = {"destination": "discord", "channel_id": channel.id, "guild_id": guild_id} | columns
    values = {"url": "https://site.test/clip", "status": "downloaded", **columns}

    async def work(connection: AsyncConnection) -> int:
        statement = insert(downloads).values(**values).returning(downloads.c.id)
        download_id = int((await connection.execute(statement)).scalar_one())
        directory = download_dir / str(download_id)
        directory.mkdir(parents=True, exist_ok=True)
        for position, (name, content) in enumerate(files.items()):
            (directory / name).write_bytes(content)
            row = {"path": str(directory / name), "kind": "video", "bytes": len(content)}
            await connection.execute(insert(media_files).values(download_id=download_id, position=position, **row))
        where = downloads.c.id == download_id
        await connection.execute(update(downloads).where(where).values(file_path=str(directory)))
        return download_id

    return await database.write(work)


@dataclass(slots=True, kw_only=True)
class Stage:
    """The upload stage without its loop. `succeed` makes the runner that comes after a crash."""

    database: Database
    download_dir: Path
    discord: DiscordServer
    name: str = "upload-1"
    limits: Limits = LIMITS
    cleanup: bool = True
    nonce_is_safe: float = NONCE_IS_SAFE
    fitters: Fitters = field(default_factory=dict)
    fits_at_once: int = 1
    virus_check: VirusCheck | None = None
    links: LinkStore | None = None
    bots: list[UploaderBot] = field(default_factory=list)
    _pooler: UploadPooler | None = None

    @property
    def store(self) -> Store:
        return Store(self.database, stage=UPLOAD_STAGE, runner=self.name)

    @property
    def queries(self) -> Queries:
        return Queries(self.database)

    @property
    def delivered(self) -> Path:
        return self.download_dir / "delivered"

    def _make(self) -> UploadPooler:
        finished = FinishedFiles(self.download_dir)
        deliveries = Deliveries(self.database, runner=self.name)
        self.bots.append(UploaderBot(self.discord.token, api_base=self.discord.api_base))
        limits = UploadLimits(
            store=self.store,
            queries=self.queries,
            requests=Requests(self.database, actor=self.name),
            bot=self.bots[-1],
            defaults=self.limits,
        )
        couriers: dict[Destination, Courier] = {
            Destination.FOLDER: FolderCourier(deliveries=deliveries, finished=finished, default=self.delivered),
            Destination.DISCORD: DiscordCourier(
                bot=self.bots[-1],
                deliveries=deliveries,
                queries=self.queries,
                limits=limits,
                preparation=self.make_preparation(),
                nonce_is_safe=self.nonce_is_safe,
                links=self.links,
            ),
        }
        return UploadPooler(
            store=self.store,
            queries=self.queries,
            couriers=couriers,
            store_courier=AbsentCourier("There is no store."),
            finished=finished,
            cleanup=self.cleanup,
            virus_check=self.virus_check,
            links=FileLinks(self.database),
        )

    def make_preparation(self) -> Preparation:
        fitted = FittedFiles(self.download_dir)
        return Preparation(
            store=self.store,
            queries=self.queries,
            deliveries=Deliveries(self.database, runner=self.name),
            room=FittingRoom(fitters=self.fitters, fitted=fitted, at_once=self.fits_at_once),
            rest=Step.LINK if self.links else Step.KEEP,
        )

    @property
    def pooler(self) -> UploadPooler:
        if self._pooler is None:
            self._pooler = self._make()
        return self._pooler

    async def claim(self, download_id: int) -> Download:
        claim = await self.store.claim()
        assert claim is not None
        assert claim.id == download_id, "the test has one row that is due"
        return claim

    async def deliver(self, download_id: int) -> Download:
        """Claim a row, work on it, settle it; an error of the work passes and leaves the row held."""
        claim = await self.claim(download_id)
        done = await self.pooler.work(claim)
        assert await self.store.settle(claim, done.settlement, files=done.files)
        return await self.now(download_id)

    async def crash(self) -> None:
        """This runner is gone, and its rows are free again."""
        self.name += "'"
        self._pooler = None
        await self.store.give_back("its runner died", runners_gone=[self.name[:-1]])

    async def fail(self, claim: Download, error: Exception) -> None:
        """Settle as the claim loop does after a final error."""
        settlement = Settlement(Status.FAILED, {"error": str(error), "failed_stage": "upload"})
        assert await self.store.settle(claim, settlement)

    async def retry(self, download_id: int) -> None:
        """A person asks for another try."""
        assert await Requests(self.database, actor="cli").ask(Ask.RETRY, [download_id])

    async def now(self, download_id: int) -> Download:
        found = await self.queries.get(download_id)
        assert found is not None
        return found

    async def files(self, download_id: int) -> list[MediaFile]:
        return await self.queries.files(download_id)

    async def write_files(self, of: int, /, **values: Any) -> None:
        """A hand edit of all files of a download."""
        where = media_files.c.download_id == of

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(media_files).where(where).values(**values))

        await self.database.write(work)

    async def write_row(self, download_id: int, /, **values: Any) -> None:
        """A hand edit of a download."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(downloads).where(downloads.c.id == download_id).values(**values))

        await self.database.write(work)

    async def close(self) -> None:
        for bot in self.bots:
            await bot.close()
