"""What tests of core look at: rows as they are now, or as they come to be."""

from core.database import Database
from core.models import Download, Status
from core.queries import Queries
from tests.support.processes import wait_until


async def row(database: Database, download_id: int) -> Download:
    """That row as it is now."""
    found = await Queries(database).get(download_id)
    assert found is not None
    return found


async def status_is(database: Database, download_id: int, status: Status) -> Download:
    """Wait until the row has that status."""

    async def reached() -> Download | None:
        now = await row(database, download_id)
        return now if now.status is status else None

    found = await wait_until(reached, description=f"status {status}")
    assert found is not None
    return found
