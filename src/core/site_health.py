"""Sites that fail for everybody are left alone for a while: a circuit breaker, in the table `site_health`.

While a site is `open`, no download of it begins. When `probe_at` has come, the first that would begin is let through
alone (`half-open`): if the site gives media again, all go on; if not, it stays open for longer. Only the download stage
asks. After Michael Nygard, Release It! (2007); the words are his.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.errors import (
    ExtractionError,
    RateLimited,
    SiteBlocks,
    SiteDown,
    SourceExpired,
    SourceUnreachable,
    TransferError,
)
from core.models import Download, Status
from core.sql_functions import utc_in, utc_now
from core.tables import downloads, events, site_health
from core.upserts import upsert

# Errors that are the site's, whatever was asked for; of these classes themselves: private media is no fault of a site.
FAULTS = tuple(
    error.__name__
    for error in (ExtractionError, RateLimited, SiteBlocks, TransferError, SourceExpired, SourceUnreachable)
)
FARTHEST = 7200.0  # seconds; a probe that is due later was written before the clock was set back
PROBE_PATIENCE = 600.0  # seconds that one download may take to show that its site works


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """When a site counts as broken, and how long it is left alone."""

    window: float = 1800.0  # seconds that are looked back
    least: int = 5  # downloads that must have failed, of two requesters at least; 0: no site is ever left alone
    rate: float = 0.8  # of those that were tried
    pause: float = 300.0  # seconds until the first probe; doubles with each that fails
    longest: float = 3600.0  # seconds; no pause is longer


def parked() -> ColumnElement[bool]:
    """Whether a row is of a site that is left alone now."""
    closed_off = select(site_health.c.site).where(site_health.c.state != "closed", ~_probe_is_due())
    return and_(downloads.c.site.is_not(None), downloads.c.site.in_(closed_off))


async def reason_to_wait(connection: AsyncConnection, claim: Download, site: str) -> str | None:
    """Why a download must not ask its site now; None when it may. The first when a probe is due becomes the probe."""
    found = select(site_health.c.reason).where(site_health.c.site == site, site_health.c.state != "closed")
    row = (await connection.execute(found)).first()
    if row is None:
        return None
    his = and_(site_health.c.state == "half-open", site_health.c.probe_id == claim.id)
    taken = (
        update(site_health)
        .where(site_health.c.site == site, site_health.c.state != "closed", or_(_probe_is_due(), his))
        .values(state="half-open", probe_id=claim.id, probe_at=utc_in(PROBE_PATIENCE))
    )
    if (await connection.execute(taken)).rowcount:
        return None
    return str(row.reason or SiteDown.sentence)


def _probe_is_due() -> ColumnElement[bool]:
    at = site_health.c.probe_at
    return or_(at.is_(None), at <= utc_now())


def _clock_was_set_back() -> ColumnElement[bool]:
    return and_(site_health.c.state != "closed", site_health.c.probe_at > utc_in(FARTHEST))


async def heed(connection: AsyncConnection, rules: SiteRules, claim: Download, to: Status, error: str | None) -> None:
    """Learn from how a try in the download stage ended.

    Args:
        rules: when a site counts as broken.
        claim: the row.
        to: where it went.
        error: the class of the error that it ended in.
    """
    site = (await connection.execute(select(downloads.c.site).where(downloads.c.id == claim.id))).scalar_one_or_none()
    if site is None:
        return
    if to is Status.DOWNLOADED and await _was_asked(connection, claim):
        await _works(connection, site)
    elif error in FAULTS:
        await _failed(connection, rules, site, claim.id, error)
    else:  # paused, cancelled, private, here already ...: says nothing of the site, so another may probe at once
        again = update(site_health).where(site_health.c.site == site, site_health.c.probe_id == claim.id)
        values = {"state": "open", "probe_id": None, "probe_at": utc_now()}
        await connection.execute(again.where(site_health.c.state == "half-open").values(**values))


async def _was_asked(connection: AsyncConnection, claim: Download) -> bool:
    """Whether this try fetched something; media that is here already is named or copied without its site."""
    began = select(events.c.id).where(
        events.c.download_id == claim.id, events.c.epoch == claim.epoch, events.c.moved_to == Status.DOWNLOADING
    )
    return (await connection.execute(began.limit(1))).first() is not None


async def look_after_probes(database: Database) -> list[str]:
    """See how probes do: sites whose bytes arrive work again; their names. Writes only while there are probes."""
    probing = select(site_health.c.site).where(or_(site_health.c.state == "half-open", _clock_was_set_back())).limit(1)

    async def any_probe(connection: AsyncConnection) -> bool:
        return (await connection.execute(probing)).first() is not None

    return await database.write(heed_probes) if await database.read(any_probe) else []


async def heed_probes(connection: AsyncConnection) -> list[str]:
    """Look after probes that run: sites whose bytes arrive work again; their names."""
    probing = select(site_health.c.site).where(site_health.c.state == "half-open")
    arrives = select(downloads.c.id).where(
        downloads.c.id == site_health.c.probe_id,
        downloads.c.status == Status.DOWNLOADING,
        downloads.c.download_speed > 0,
    )
    back = list((await connection.execute(probing.where(arrives.exists()))).scalars())
    for site in back:
        await _works(connection, site)
    works_on_it = select(downloads.c.id).where(
        downloads.c.id == site_health.c.probe_id,
        downloads.c.status.in_((Status.EXTRACTING, Status.DOWNLOADING)),
    )
    await connection.execute(update(site_health).where(_clock_was_set_back()).values(probe_at=utc_now()))
    # Its runner died, or a person took it away.
    lost = update(site_health).where(site_health.c.state == "half-open", ~works_on_it.exists())
    await connection.execute(lost.values(state="open", probe_id=None, probe_at=utc_now()))
    return back


async def release(connection: AsyncConnection, site: str) -> bool:
    """Let a site be asked again at once, as a person may want; False when it was not left alone."""
    return await _close(connection, site)


async def _works(connection: AsyncConnection, site: str) -> None:
    await _put(connection, site, {"last_success_at": utc_now()})
    await _close(connection, site)


async def _close(connection: AsyncConnection, site: str) -> bool:
    reason = select(site_health.c.reason).where(site_health.c.site == site, site_health.c.state != "closed")
    row = (await connection.execute(reason)).first()
    if row is None:
        return False
    values = {"state": "closed", "reason": None, "probe_at": None, "probe_id": None, "openings": 0}
    shut = update(site_health).where(site_health.c.site == site)
    await connection.execute(shut.values(**values, changed_at=utc_now()))
    # Those who only wait for their next try need not wait for it any more; what a person put off stays so.
    backs_off = downloads.c.error_kind.is_not(None)
    freed = update(downloads).where(
        downloads.c.status == Status.PENDING, downloads.c.site == site, downloads.c.activity == row.reason
    )
    await connection.execute(
        freed.values(activity=None, available_at=case((backs_off, None), else_=downloads.c.available_at))
    )
    return True


async def _failed(connection: AsyncConnection, rules: SiteRules, site: str, probe_id: int, error: str) -> None:
    await _put(connection, site, {"last_failure_at": utc_now(), "last_error": error})
    row = (await connection.execute(select(site_health).where(site_health.c.site == site))).one()
    his = row.state == "half-open" and row.probe_id == probe_id
    if his or (row.state == "closed" and await _is_broken(connection, rules, site, row.changed_at)):
        pause = min(rules.pause * 2.0 ** min(row.openings, 20), rules.longest)
        await _open(connection, site, pause, openings=row.openings + 1)


async def _is_broken(connection: AsyncConnection, rules: SiteRules, site: str, since: str) -> bool:
    if not rules.least:
        return False
    who = func.coalesce(downloads.c.user_id, 0)  # rows that no member asked for count as one requester's
    hit = func.count(who.distinct()).filter(_fault()).label("hit")
    asked = func.count(who.distinct()).label("asked")
    counted = counts(rules.window, hit, asked).where(events.c.site == site, events.c.at >= since)
    counted = counted.select_from(events.outerjoin(downloads, downloads.c.id == events.c.download_id))
    row = (await connection.execute(counted)).one()
    # One requester's odd links, or his playlist, are not everybody; if nobody else asks, there have to be more of them.
    enough = rules.least if row.hit > 1 else 2 * rules.least
    everybody = row.hit > 1 or row.asked == 1
    return bool(everybody and row.failed >= enough and row.failed >= rules.rate * (row.failed + row.worked))


def _fault() -> ColumnElement[bool]:
    return and_(events.c.error_kind.in_(FAULTS), events.c.moved_to.in_((Status.PENDING, Status.FAILED)))


def counts(window: float, *columns: Any) -> Select[Any]:
    """How many downloads failed by fault of a site within so many seconds, and how many were fetched."""
    fault = _fault()
    works = and_(events.c.error_kind.is_(None), events.c.moved_to == Status.DOWNLOADED)
    return select(
        *columns,
        func.count(events.c.download_id.distinct()).filter(fault).label("failed"),
        func.count(events.c.download_id.distinct()).filter(works).label("worked"),
    ).where(events.c.at > utc_in(-window))


async def _open(connection: AsyncConnection, site: str, pause: float, *, openings: int) -> None:
    probe_at = str((await connection.execute(select(utc_in(pause)))).scalar_one())
    again = datetime.fromisoformat(probe_at).strftime("%H:%M")
    reason = str(SiteDown(f"{site} fails for everybody at the moment; tried again at {again} UTC"))
    values = {"state": "open", "reason": reason, "probe_at": probe_at, "probe_id": None, "openings": openings}
    opened = update(site_health).where(site_health.c.site == site)
    await connection.execute(opened.values(**values, changed_at=utc_now()))
    waiting = update(downloads).where(downloads.c.status == Status.PENDING, downloads.c.site == site)
    await connection.execute(waiting.values(activity=reason))


async def _put(connection: AsyncConnection, site: str, values: dict[str, Any]) -> None:
    """Write of a site, of which there may be no row yet: then all that it did counts."""
    await upsert(connection, site_health, {"site": site}, values, changed_at="1970-01-01 00:00:00")
