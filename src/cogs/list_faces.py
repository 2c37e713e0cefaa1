"""What the card of a playlist shows: its numbers, a checklist of its entries, and the controls of each."""

from cogs.actions import Action
from cogs.cards import entry_line, list_card
from cogs.faces import BLUE, GREY, PLAIN, RED, YELLOW, Entry, EntryMenu, Face, Press, Taste, in_thread, picture_of
from cogs.names import bare_name
from cogs.texts import visible
from core.models import Batch, Download, Status

HANDFUL = 5  # entries of a list that the card shows one by one, each with its button
CHECKLIST = 12  # entries that a longer list names
MENU = 25  # Discord's limit of a menu
WORKING = (Status.EXTRACTING, Status.DOWNLOADING, Status.DOWNLOADED, Status.UPLOADING)


def list_face_of(playlist: Download, batch: Batch, entries: list[Download], *, taste: Taste = PLAIN) -> Face:
    """The face of a playlist with its entries, in their order."""
    t = taste.t
    if batch.done == batch.total:
        told = list_card(playlist, batch, t=t)
        return Face(text=in_thread(told, playlist, t), buttons=(Press(Action.INFO, playlist.id),))
    few = batch.total <= HANDFUL
    named = entries if few else _most_telling(entries)[:CHECKLIST]
    rest = [] if few else [entry_line(one, t=t) for one in named]
    left_out = batch.total - len(named)
    more = [t.plural("… and {count} more", "… and {count} more", left_out)] if left_out > 0 and not few else []
    head, _, tail = list_card(playlist, batch, t=t, style=taste.style).rpartition("\n")
    actions = [Action.CANCEL] if batch.left else []
    actions += [Action.RETRY] if batch.failed or batch.cancelled else []
    able = [one for one in _most_telling(entries) if _entry_action(one) is not Action.INFO][:MENU]
    menu = EntryMenu(playlist.id, tuple((one.id, visible(bare_name(one), 80)) for one in able))
    return Face(
        text=in_thread("\n".join([head, *rest, *more, tail]), playlist, t),
        colour=_list_colour(batch),
        picture=picture_of(playlist),
        buttons=tuple(Press(action, playlist.id) for action in (*actions, Action.INFO)),
        entries=tuple(Entry(entry_line(one, t=t), Press(_entry_action(one), one.id)) for one in named) if few else (),
        menu=menu if able and not few else None,
    )


def _entry_action(download: Download) -> Action:
    if download.status in (Status.FAILED, Status.CANCELLED):
        return Action.RETRY
    return Action.INFO if download.is_over or download.cancelled else Action.CANCEL


def _most_telling(entries: list[Download]) -> list[Download]:
    """What moves and what failed first, then what waits; what is done says least."""

    def rank(one: Download) -> int:
        if one.status in WORKING and not one.is_over:
            return 0
        if one.status is Status.FAILED:
            return 1
        return 2 if not one.is_over else 3

    return sorted(entries, key=rank)


def _list_colour(batch: Batch) -> int:
    if batch.left:
        return BLUE
    if not batch.failed:
        return GREY
    return YELLOW if batch.done else RED
