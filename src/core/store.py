"""What runners write: claims, heartbeats, guarded moves. Nobody settles a row that he no longer holds."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, literal, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.database_identity import Beat
from core.errors import SiteBusy, SiteDown
from core.expansion import expand
from core.fetched import add_fetched
from core.fetched_files import replace_files
from core.first import who_is_first
from core.models import ChildRow, Download, NewMediaFile, Progress, RunnerState, Settlement, Stage, Status
from core.news import News, cancelled_while_waiting, read_news
from core.presence import Presence
from core.redaction import KNOWN
from core.remains import IDLE, Remains
from core.room import Room, promised
from core.rows import storable, to_download
from core.site_health import SiteRules, heed, reason_to_wait
from core.sql_functions import utc_in, utc_now
from core.tables import downloads, events, runners
from core.turns import claimable, claiming, running_from

CLAIMING = 0.02  # seconds of one transaction


@dataclass(frozen=True, slots=True)
class Held:
    """What a runner hears about a row that it still holds."""

    id: int
    epoch: int
    paused: bool
    cancelled: bool
    priority: int


class Store:
    """The writes of one runner, in one stage."""

    def __init__(self, database: Database, *, stage: Stage, runner: str) -> None:
        self._database = database
        self.stage = stage
        self.runner = runner
        self.room = Room()
        self.remains = Remains(database, stage)
        self._presence = Presence(database, name=runner, kind=stage.name)
        self._site_limits: dict[str, int] = {}  # as `enter_site` was told them
        self.site_rules = SiteRules()

    # -- taking rows ---------------------------------------------------------------------------------------------

    async def news(self) -> News:
        """What there is to do; see `News`."""
        return await read_news(self._database, self.stage, self.runner, self._site_limits, self.room)

    async def has_claimable(self) -> bool:
        """Whether a claim would find a row; reads only, so that an idle runner writes nothing."""
        return await self._database.read(self._has_claimable)

    async def _has_claimable(self, connection: AsyncConnection) -> bool:
        return (await connection.execute(select(downloads.c.id).where(self._claimable()).limit(1))).first() is not None

    async def claim(self) -> Download | None:
        """Take the next row that is due, or None."""
        return next(iter(await self.claims(1)), None)

    async def claims(self, at_most: int) -> list[Download]:
        """Take the next rows that are due, in one transaction. Each by one statement, so no row is ever taken twice.

        Order: priority, then the guild and the member with the least running work, then age. There may be more than
        come at once: a claim among 10,000 rows takes 10 ms, and all other writers wait for the transaction.
        """

        async def work(connection: AsyncConnection) -> list[Download]:
            claimed: list[Download] = []
            until = time.monotonic() + CLAIMING
            while len(claimed) < at_most and (row := await self._claim_next(connection)) is not None:
                claimed.append(row)
                # What is left on the disk for the next one is counted when this one is committed.
                if row.room_needed or time.monotonic() > until:
                    break
            return claimed

        claimed = await self._database.write(work)
        self.room.left -= sum(claim.room_needed or 0 for claim in claimed)
        return claimed

    async def _claim_next(self, connection: AsyncConnection) -> Download | None:
        statement = claiming(self.stage, self.runner, self._site_limits, self.room)
        row = (await connection.execute(statement)).mappings().first()
        if row is None:
            return None
        claimed = to_download(row)
        await self._note(connection, claimed.id, claimed.epoch, claimed.status, None)
        return claimed

    def _claimable(self) -> ColumnElement[bool]:
        return claimable(self.stage, self._site_limits, self.room)

    async def waiting_above(self, priority: int, *, limit: int) -> list[int]:
        """The priorities of rows that could be claimed and have a higher one than this, highest first."""

        async def work(connection: AsyncConnection) -> list[int]:
            statement = (
                select(downloads.c.priority)
                .where(self._claimable(), downloads.c.priority > priority)
                .order_by(downloads.c.priority.desc())
                .limit(limit)
            )
            return list((await connection.execute(statement)).scalars())

        return await self._database.read(work)

    # -- holding rows --------------------------------------------------------------------------------------------

    def _mine(self) -> ColumnElement[bool]:
        # No IN: SQLAlchemy writes that anew for each execution, and refuses it for many at once.
        working = or_(*(downloads.c.status == status for status in self.stage.works_in))
        return and_(downloads.c.claimed_by == self.runner, working)

    def _held(self, claim: Download) -> ColumnElement[bool]:
        return and_(downloads.c.id == claim.id, downloads.c.epoch == claim.epoch, self._mine())

    async def heartbeat(self) -> list[Held]:
        """Renew all claims of this runner and hear what people ask of them. A row that is missing is lost."""

        async def work(connection: AsyncConnection) -> tuple[Beat, list[Held]]:
            beat = await self._presence.beat(connection)
            statement = update(downloads).where(self._mine()).values(heartbeat_at=utc_now()).returning(*self._asked())
            return beat, self._to_held(await connection.execute(statement))

        beat, held = await self._database.write(work)
        self._presence.committed(beat)
        return held

    async def requests(self) -> list[Held]:
        """The same without renewing: cheap enough to ask whenever anything in the database changed."""

        async def work(connection: AsyncConnection) -> list[Held]:
            return self._to_held(await connection.execute(select(*self._asked()).where(self._mine())))

        return await self._database.read(work)

    @staticmethod
    def _asked() -> Sequence[ColumnElement[Any]]:
        return (downloads.c.id, downloads.c.epoch, downloads.c.paused, downloads.c.cancelled, downloads.c.priority)

    @staticmethod
    def _to_held(rows: Any) -> list[Held]:
        return [Held(row.id, row.epoch, bool(row.paused), bool(row.cancelled), row.priority) for row in rows]

    async def holds(self, claim: Download) -> bool:
        """Whether this runner still holds a row that it claimed."""

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(select(downloads.c.id).where(self._held(claim)))).first() is not None

        return await self._database.read(work)

    async def write(self, claim: Download, **values: Any) -> bool:
        """Write columns of a row that is held; False when it is lost, and nothing was written."""

        async def work(connection: AsyncConnection) -> bool:
            return await self._write(connection, claim, values)

        return await self._database.write(work)

    async def _write(self, connection: AsyncConnection, claim: Download, values: Mapping[str, Any]) -> bool:
        statement = update(downloads).where(self._held(claim)).values(**storable(values))
        return (await connection.execute(statement)).rowcount == 1

    async def enter_site(
        self, claim: Download, *, site: str | None, media_id: str | None, at_most: int | None = None, **values: Any
    ) -> bool:
        """Note whose media a held row is; False when the row is lost.

        Args:
            site: the site of the canonical identity, or the host where there is none.
            media_id: the media's name there.
            at_most: how many downloads of this site may run at once. It is remembered for claims: a row that is known
                to be of the site waits from then on until there is room.
            values: further columns to write with it.

        Raises:
            SiteBusy: so many run already; the row is to be given back.
            SiteDown: the site fails for everybody; the same.
        """

        async def work(connection: AsyncConnection) -> tuple[bool, int, str | None]:
            held = await self._write(connection, claim, {"site": site, "media_id": media_id, **values})
            if not held or site is None:
                return held, 0, None
            down = await reason_to_wait(connection, claim, site)
            if down is not None or at_most is None:
                return held, 0, down
            running = await connection.execute(select(running_from(self.stage, site, besides=claim.id)))
            return held, int(running.scalar_one()), None

        if site is not None and at_most is not None:
            self._site_limits[site] = at_most
        held, running, down = await self._database.write(work)
        if down is not None:
            raise SiteDown(down)
        if at_most is not None and running >= at_most:
            raise SiteBusy(f"waits: {at_most} download{'s are' if at_most > 1 else ' is'} running from {site}")
        return held

    async def enter_media(self, claim: Download, key: str) -> int | None:
        """Note what a held row is about to fetch; the id of the one that it has to wait for instead, see `core.first`.

        Args:
            claim: the row.
            key: of `core.first.fetch_key`.
        """

        async def work(connection: AsyncConnection) -> int | None:
            first = await who_is_first(connection, claim, key)
            if first is None:
                await self._write(connection, claim, {"fetch_key": key, "waits_for": None})
            return first

        return await self._database.write(work)

    async def enter_room(self, claim: Download, *, needed: int, left: int) -> bool:
        """Promise room on the disk to a held row, unless too much is promised to others already; whether it was.

        Args:
            claim: the row.
            needed: bytes that it has still to write.
            left: bytes that are free for all rows.
        """

        async def work(connection: AsyncConnection) -> bool:
            if needed > left - await promised(connection, besides=claim.id):
                return False
            await self._write(connection, claim, {"room_needed": needed})
            return True

        return await self._database.write(work)

    async def write_progress(self, progress: Sequence[tuple[Download, Progress]]) -> None:
        """Write how far rows are, all in one transaction; lost rows are passed over."""
        told = [{"of_id": claim.id, "of_epoch": claim.epoch} | asdict(now) for claim, now in progress]
        held = and_(downloads.c.id == bindparam("of_id"), downloads.c.epoch == bindparam("of_epoch"), self._mine())

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(downloads).where(held), told)

        if progress:
            await self._database.write(work)

    async def add_fetched(self, arrived: Sequence[tuple[Download, int]]) -> None:
        """Count bytes that came for claims, held still or not; quotas ask for them."""
        if arrived:
            await self._database.write(lambda connection: add_fetched(connection, arrived))

    # -- moving rows ---------------------------------------------------------------------------------------------

    async def move(self, claim: Download, to: Status, *, note: str | None = None, **values: Any) -> bool:
        """Move a held row on within its stage; False when it is lost."""

        async def work(connection: AsyncConnection) -> bool:
            return await self._move(connection, claim, to, note, values)

        return await self._database.write(work)

    async def settle(
        self,
        claim: Download,
        settlement: Settlement,
        *,
        files: Sequence[NewMediaFile] | None = None,
        children: Sequence[ChildRow] = (),
    ) -> bool:
        """The last move of a held row: gives up the claim.

        Args:
            claim: the row.
            settlement: where it goes.
            files: replace those of the download.
            children: become rows of their own, as far as they are not there yet; the row itself delivers nothing then.

        Returns False when the row is lost; nothing is written then.
        """
        values = IDLE | settlement.values | ({"upload": 0} if children else {})
        if settlement.status not in (self.stage.takes, Status.PENDING):
            values |= {"downloaded_at": utc_now()} if settlement.status is Status.DOWNLOADED else {}
            waits_for_delivery = settlement.status is Status.DOWNLOADED and values.get("upload", claim.upload)
            values |= {} if waits_for_delivery else {"finished_at": utc_now()}

        async def work(connection: AsyncConnection) -> bool:
            before = await self._locked(connection, claim) if children else None
            added = await expand(connection, before, children, actor=self.runner) if before is not None else 0
            note = f"{added} downloads added" if children else settlement.values.get("error")
            if not await self._move(connection, claim, settlement.status, note, values):
                return False
            if not self.stage.delivers:
                error = settlement.values.get("error_kind")
                await heed(connection, self.site_rules, claim, settlement.status, error)
            if files is not None:
                await replace_files(connection, claim, files)
            return True

        return await self._database.write(work)

    async def _locked(self, connection: AsyncConnection, claim: Download) -> RowMapping | None:
        """A held row as it is now; nobody else writes it until this transaction ends."""
        statement = select(downloads).where(self._held(claim)).with_for_update()
        return (await connection.execute(statement)).mappings().first()

    async def _move(
        self,
        connection: AsyncConnection,
        claim: Download,
        to: Status,
        note: str | None,
        values: dict[str, Any],
    ) -> bool:
        if not await self._write(connection, claim, {"status": to, **values}):
            return False
        await self._note(connection, claim.id, claim.epoch, to, note)
        return True

    async def _note(
        self, connection: AsyncConnection, download_id: int, epoch: int | None, to: Status, note: str | None
    ) -> None:
        told = None if note is None else KNOWN.hide(note)
        row = {"download_id": download_id, "actor": self.runner, "epoch": epoch, "moved_to": to, "note": told}
        of_the_row = {name: downloads.c[name] for name in ("guild_id", "site", "extractor", "error_kind")}
        of_the_row["bytes"] = downloads.c.file_size
        given = (literal(value, events.c[name].type) for name, value in row.items())
        noted = select(*given, *of_the_row.values()).where(downloads.c.id == download_id)
        await connection.execute(insert(events).from_select([*row, *of_the_row], noted))

    # -- rows that nobody works on -------------------------------------------------------------------------------

    async def give_back(
        self, reason: str, *, lease: float | None = None, runners_gone: Sequence[str] = ()
    ) -> list[int]:
        """Return rows of this stage to the status it takes, for any runner to claim; their ids.

        Args:
            reason: goes into the history.
            lease: seconds; rows of other runners whose heartbeat is older, in the future or missing.
            runners_gone: rows that these runners claimed.
        """
        abandoned: list[ColumnElement[bool]] = [downloads.c.claimed_by.in_(runners_gone)]
        if lease is not None:
            silent = or_(
                downloads.c.heartbeat_at.is_(None),
                downloads.c.heartbeat_at < utc_in(-lease),
                downloads.c.heartbeat_at > utc_in(lease),  # the clock was set back
            )
            # Who asks is alive: his own heartbeat only waited for the lock, or the clock was moved.
            abandoned += [downloads.c.claimed_by.is_(None), and_(downloads.c.claimed_by != self.runner, silent)]
        where = and_(downloads.c.status.in_(self.stage.works_in), or_(*abandoned))
        return await self._move_unheld(where, self.stage.takes, reason, IDLE)

    async def release(self, held: Held) -> None:
        """Return one row that this runner holds and nobody works on."""
        where = and_(downloads.c.id == held.id, downloads.c.epoch == held.epoch, self._mine())
        await self._move_unheld(where, self.stage.takes, "nobody worked on it", IDLE)

    async def cancel_waiting(self) -> list[int]:
        """Settle rows that are to be cancelled before anybody took them; their ids."""
        where = cancelled_while_waiting(self.stage)
        return await self._move_unheld(where, Status.CANCELLED, None, IDLE | {"finished_at": utc_now()})

    async def _move_unheld(
        self, where: ColumnElement[bool], to: Status, note: str | None, values: dict[str, Any]
    ) -> list[int]:
        async def look(connection: AsyncConnection) -> bool:
            return (await connection.execute(select(downloads.c.id).where(where).limit(1))).first() is not None

        async def work(connection: AsyncConnection) -> list[int]:
            statement = update(downloads).where(where).values(status=to, **values).returning(downloads.c.id)
            ids = [row.id for row in await connection.execute(statement)]
            for download_id in ids:
                await self._note(connection, download_id, None, to, note)
            return ids

        return await self._database.write(work) if await self._database.read(look) else []

    # -- runners -------------------------------------------------------------------------------------------------

    async def sign_on(self, pid: int) -> None:
        """Enter this runner into `runners`, as one that is starting."""
        await self._presence.sign_on(pid)

    async def set_state(self, state: RunnerState | str, note: str | None = None) -> None:
        """Say how this runner is, and what it waits for; see `Presence.set_state`."""
        await self._presence.set_state(state, note)

    async def sign_off(self, *names: str) -> None:
        """Strike runners off `runners`: this one, or others that are known to be dead."""
        if not names:
            self._presence.signed_off()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(runners).where(runners.c.name.in_(names or (self.runner,))))

        await self._database.write(work)
