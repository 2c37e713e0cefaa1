"""Playlists and their entries: who belongs to whom, and how far all of them are."""

from collections.abc import Sequence

from core.models import Download
from core.queries import Queries


async def with_entries(queries: Queries, ids: Sequence[int]) -> list[Download]:
    """These downloads, each playlist followed by its entries."""
    found = await queries.find(ids)
    entries = await queries.children(ids)
    named = {download.id for download in found}
    family: list[Download] = []
    for download in found:
        family.append(download)
        family += [entry for entry in entries if entry.parent_id == download.id and entry.id not in named]
    return family


async def beside_their_lists(queries: Queries, found: Sequence[Download]) -> list[Download]:
    """The same downloads in their order, with the entries of a playlist below it, where the first of them stood."""
    missing = {entry.parent_id for entry in found if entry.parent_id} - {download.id for download in found}
    lists = {download.id: download for download in [*found, *await queries.find(sorted(missing))]}
    ordered: dict[int, Download] = {}
    for download in found:
        head = lists.get(download.parent_id or download.id, download)
        members = [entry for entry in found if entry.parent_id == head.id]
        ordered |= {one.id: one for one in (head, *members) if one.id not in ordered}
    return list(ordered.values())
