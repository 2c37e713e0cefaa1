"""What a card shows, as a value: text, colour, picture and controls. Equal faces need no edit."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from cogs.actions import Action
from cogs.cards import card
from cogs.language import ENGLISH, Language
from cogs.names import bare_name
from cogs.plan_words import chosen, offered
from cogs.remedies import remedy_of
from cogs.texts import visible
from core.models import Download, Status
from core.preferences import BarStyle, Notify

MAX_ADDRESS = 2048  # characters of a picture's address
GREY, BLUE, YELLOW, RED = 0x80848E, 0x5865F2, 0xF0B232, 0xDA373C


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """How somebody wants his cards."""

    t: Language = ENGLISH
    level: Notify = Notify.NORMAL
    style: BarStyle = BarStyle.STANDARD
    mention: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Where a download stands in the line: how many are before it, and in how many seconds it begins."""

    ahead: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address, and what it shows for those who don't see it."""

    url: str
    alt: str
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """A button, for a download."""

    action: Action
    download_id: int


@dataclass(frozen=True, slots=True)
class Choices:
    """A menu of qualities."""

    download_id: int
    qualities: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a playlist: its line, and the button beside it."""

    text: str
    press: Press


@dataclass(frozen=True, slots=True)
class EntryMenu:
    """A menu of a playlist's entries, for those that have no button: (id, name)."""

    download_id: int
    entries: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """All that a card shows. Without a colour it has no frame; it is one line then, with at most one button."""

    text: str
    colour: int | None = None
    picture: Picture | None = None
    buttons: tuple[Press, ...] = ()
    choices: Choices | None = None
    entries: tuple[Entry, ...] = ()
    menu: EntryMenu | None = None


PLAIN = Taste()


def face_of(download: Download, *, wait: Wait | None = None, limit: int | None = None, taste: Taste = PLAIN) -> Face:
    """The face of a download.

    Args:
        download: the row.
        wait: its place in the line, when it waits and that is known.
        limit: bytes that one file may have at the destination.
        taste: of the one who asked.
    """
    text = card(
        download,
        ahead=wait.ahead if wait else None,
        starts_in=wait.seconds if wait else None,
        limit=limit,
        t=taste.t,
        style=taste.style,
        level=taste.level,
    )
    buttons = tuple(Press(action, download.id) for action in actions_of(download))
    text = in_thread(text, download, taste.t) if download.thread_id != download.channel_id else text
    if download.is_over and download.status is not Status.FAILED:
        return Face(text=text, buttons=buttons[:1])
    qualities = offered(download) if _may_choose(download) else ()
    return Face(
        text=text,
        colour=_colour(download),
        picture=picture_of(download),
        buttons=buttons,
        choices=Choices(download.id, qualities, chosen(download)) if qualities else None,
    )


def in_thread(text: str, playlist: Download, t: Language) -> str:
    """The text, and where the files are when they are not below it."""
    if playlist.thread_id is None:
        return text
    return f"{text}\n{t('The files are in {thread}.', thread=f'<#{playlist.thread_id}>')}"


def actions_of(download: Download) -> tuple[Action, ...]:
    """The buttons of a download, as it stands; the first is that of a card that shrank to one line."""
    match download.status:
        case Status.FAILED:
            return (*remedy_of(download).actions, Action.INFO)
        case Status.CANCELLED:
            return (Action.RETRY, Action.INFO)
        case _ if download.is_over or download.cancelled:
            return (Action.INFO,)
        case _ if download.paused:
            return (Action.RESUME, Action.CANCEL, Action.INFO)
        case _:
            return (Action.PAUSE, Action.CANCEL, Action.INFO)


def _may_choose(download: Download) -> bool:
    """Whether another quality can still be fetched."""
    moves = download.status in (Status.PENDING, Status.EXTRACTING, Status.DOWNLOADING)
    return moves and not download.cancelled and not download.is_over


def _colour(download: Download) -> int:
    if download.status is Status.FAILED:
        return RED
    if download.cancelled or download.status is Status.PENDING:
        return YELLOW if download.paused else GREY
    return YELLOW if download.paused else BLUE


def picture_of(download: Download) -> Picture | None:
    """The thumbnail, if its address is one that Discord takes. Discord fetches it, we do not."""
    url = download.thumbnail_url
    if not url or len(url) > MAX_ADDRESS or not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host, userinfo = parts.hostname, parts.username or parts.password
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "." not in host or userinfo:
        return None
    return Picture(url, visible(bare_name(download), 200) or f"#{download.id}", download.options.get("spoiler") is True)
