"""The card of a playlist, with what is read for it."""

from cogs.cards import list_card
from cogs.language import ENGLISH, Language
from core.models import Batch, Download, Status
from core.queries import Queries

FAILURES = 3  # that are told of by name


async def read_list_card(queries: Queries, playlist: Download, batch: Batch, *, t: Language = ENGLISH) -> str:
    """The text that shows a playlist: its numbers, and some of its entries that failed."""
    failed = (Status.FAILED,)
    failures = await queries.children([playlist.id], statuses=failed, limit=FAILURES) if batch.failed else []
    return list_card(playlist, batch, failures, t=t)
