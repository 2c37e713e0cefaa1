"""What tests of the storage begin with: rows with files on a real disk, and a clock that is moved by hand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core import finished_mark
from core.database import Database
from core.layout import STAGING, Layout
from core.storage_book import StorageBook
from core.tables import downloads, media_files
from storage_module.inspection import Inspector
from storage_module.janitor import Janitor
from storage_module.retention import Hours

URL = "http://site.test/a.mp4"
ONE = {"a.mp4": b"one film"}
ENDED = datetime(2026, 9, 30, 12, tzinfo=UTC)


@dataclass(slots=True)
class Store:
    """A DOWNLOAD_DIR and its rows."""

    database: Database
    directory: Path
    now: datetime = ENDED
    dead: set[str] = field(default_factory=set)

    @property
    def layout(self) -> Layout:
        return Layout(self.directory / "downloads")

    @property
    def book(self) -> StorageBook:
        return StorageBook(self.database)

    def janitor(self, *, dry_run: bool = False) -> Janitor:
        return Janitor(
            self.book,
            self.layout,
            hours=Hours(),
            is_dead=self.dead.__contains__,
            delivery_dir=self.layout.root / "delivered",
            clock=lambda: self.now,
            dry_run=dry_run,
        )

    def inspector(self, *, dry_run: bool = False) -> Inspector:
        return Inspector(
            self.book,
            self.layout,
            self.directory / "data",
            is_dead=self.dead.__contains__,
            clock=lambda: self.now,
            dry_run=dry_run,
        )

    def pass_by(self, **time: float) -> None:
        """Move the clock."""
        self.now += timedelta(**time)

    async def row(self, status: str, files: Mapping[str, bytes] = ONE, **columns: Any) -> int:
        """A row that ended at `ENDED`, with its files where they go; its id."""
        values = {"url": URL, "status": status, "guild_id": 81, "added_at": "2026-09-30 11:00:00"}
        values |= {"destination": "discord", "channel_id": 9} | columns
        values.setdefault("finished_at", "2026-09-30 12:00:00")

        async def work(connection: AsyncConnection) -> int:
            statement = insert(downloads).values(**values).returning(downloads.c.id)
            id_ = int((await connection.execute(statement)).scalar_one())
            home = self.home(id_)
            home.mkdir(parents=True)
            finished_mark.mark(home, str(values["url"]))
            (home / "metadata.json").write_text(json.dumps({"files": [], "download": {"id": id_}}))
            for position, (name, content) in enumerate(files.items()):
                (home / name).write_bytes(content)
                file = {"path": str(home / name), "kind": "video", "bytes": len(content)}
                sums = {"sha256": hashlib.sha256(content).hexdigest()}
                await connection.execute(insert(media_files).values(download_id=id_, position=position, **file, **sums))
            size = sum(len(content) for content in files.values())
            said = {"file_path": str(home), "file_size": size} | {k: v for k, v in columns.items() if k == "file_path"}
            await connection.execute(update(downloads).where(downloads.c.id == id_).values(**said))
            return id_

        return await self.database.write(work)

    def home(self, id_: int) -> Path:
        return self.layout.root / "81" / "2026-09-30" / str(id_)

    def staged(self, id_: int, epoch: int = 1, *, owner: str | None = None) -> Path:
        """What a claim left in staging."""
        path = self.layout.root / STAGING / f"{id_}-{epoch}"
        path.mkdir(parents=True)
        (path / "0.part").write_bytes(b"half a film")
        if owner is not None:
            (path / "owner").write_text(owner)
        return path

    async def read(self, id_: int, *columns: str) -> tuple[Any, ...]:
        async def work(connection: AsyncConnection) -> tuple[Any, ...]:
            wanted = [downloads.c[name] for name in columns]
            return tuple((await connection.execute(select(*wanted).where(downloads.c.id == id_))).one())

        return await self.database.read(work)
