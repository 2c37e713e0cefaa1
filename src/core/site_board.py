"""What works now: each site that was tried lately, and whether it is left alone."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.site_health import counts, release
from core.tables import events, site_health

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """How one site does."""

    site: str
    state: str  # closed (all is well), open, half-open; see core/site_health.py
    tries: int  # of downloads, in the time that was asked for
    failed: int  # of them, by fault of the site
    extractor: str | None  # that read it
    reason: str | None
    probe_at: str | None
    last_success_at: str | None
    last_failure_at: str | None
    last_error: str | None

    @property
    def failure_rate(self) -> float | None:
        """The share that failed; None when nothing was tried."""
        return self.failed / self.tries if self.tries else None

    @property
    def is_left_alone(self) -> bool:
        """Whether downloads of it wait."""
        return self.state != "closed"


class SiteBoard:
    """Reads how sites do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, *, window: float = DAY, limit: int = 200) -> list[SiteState]:
        """All that were tried in so many seconds, or are left alone; first those, then the most tried."""
        tried = counts(window, events.c.site, func.max(events.c.extractor).label("extractor"))
        tried = tried.where(events.c.site.is_not(None)).group_by(events.c.site)

        async def work(connection: AsyncConnection) -> list[SiteState]:
            recent = {row.site: row for row in await connection.execute(tried)}
            known = {row.site: row for row in await connection.execute(select(site_health))}
            shut = {site for site, row in known.items() if row.state != "closed"}
            states = []
            for site in {site for site, row in recent.items() if row.failed + row.worked} | shut:
                row, count = known.get(site), recent.get(site)
                states.append(
                    SiteState(
                        site=site,
                        state=row.state if row else "closed",
                        tries=count.failed + count.worked if count else 0,
                        failed=count.failed if count else 0,
                        extractor=count.extractor if count else None,
                        reason=row.reason if row else None,
                        probe_at=row.probe_at if row else None,
                        last_success_at=row.last_success_at if row else None,
                        last_failure_at=row.last_failure_at if row else None,
                        last_error=row.last_error if row else None,
                    )
                )
            return sorted(states, key=lambda one: (not one.is_left_alone, -one.tries, one.site))[:limit]

        return await self._database.read(work)

    async def release(self, site: str) -> bool:
        """Let downloads of a site go on at once; False when it was not left alone."""
        return await self._database.write(lambda connection: release(connection, site))
