"""Wiring of figures over time and of sites that are tried again. They must not wait for the longer chores."""

import asyncio
import shutil

from core.chores import Chore
from core.database import Database
from core.history import History
from core.room import free_at
from core.settings import Settings
from core.site_health import look_after_probes

MINUTE = 60.0  # seconds


def figure_chores(settings: Settings, database: Database) -> tuple[Chore, ...]:
    """What is done by the clock."""
    history = History(database)

    async def figures() -> str:
        free = await asyncio.to_thread(free_at, settings.download_dir)
        total = (await asyncio.to_thread(shutil.disk_usage, settings.download_dir)).total
        await history.sample({"used": total - free, "free": free})
        hours = await history.roll_up()
        back = await look_after_probes(database)
        return f"{hours} hours computed" + (f"; works again: {', '.join(back)}" if back else "")

    return (Chore(name="figures", every=MINUTE, run=figures),)
