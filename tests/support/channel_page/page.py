"""A channel as one HTML page that needs nothing else."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path

from tests.support.discord_server import Channel, Member, Message

from . import media
from .components import Drawer
from .markdown import html, inline

STYLE = Path(__file__).with_name("style.css")
COLOURS = ("#5865f2", "#3ba55c", "#faa61a", "#ed4245", "#eb459e")


def channel_page(
    channel: Channel,
    *,
    viewer: Member | None = None,
    messages: Iterable[Message] | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> str:
    """The page.

    Args:
        channel: what is drawn.
        viewer: whose ephemeral answers are shown as well.
        messages: which messages; all of the channel by default.
        pictures: what lies at addresses elsewhere, such as the thumbnails of sites.
    """
    listed = (
        list(messages)
        if messages is not None
        else (channel.messages if viewer is None else channel.messages_for(viewer))
    )
    drawn = "".join(_Drawing(one, pictures or {}).html() for one in listed)
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><style>{STYLE.read_text(encoding="utf-8")}</style></head>'
        f"<body><header><span>#</span> {escape(channel.name)}</header><main>{drawn}</main></body></html>"
    )


class _Drawing:
    """One message."""

    def __init__(self, message: Message, pictures: Mapping[str, bytes]) -> None:
        self._pictures = pictures
        self._message = message
        self._world = message.channel.world
        self._now = datetime.now(UTC)
        self._markdown = partial(html, names=self._name, now=self._now)
        self._used: set[str] = set()
        self._attachments = {one.url: one for one in message.attachments}

    def html(self) -> str:
        """The message with all that hangs on it."""
        message = self._message
        author = message.author
        parts = [
            self._markdown(message.content) if message.content else "",
            "" if not message.is_loading else '<div class="thinking">● ● ● thinking …</div>',
            "".join(self._embed(one) for one in message.embeds),
            Drawer(self._markdown, self._media)(message.components),
        ]
        rest = [one for one in message.attachments if one.url not in self._used]
        # Files hang below the text and above the buttons, unless a layout places them.
        parts.insert(1, "".join(media.shown(one) for one in rest))
        badge = '<span class="app">APP</span>' if author.bot else ""
        edited = '<span class="edited">(edited)</span>' if message.edits and message.content else ""
        private = '<div class="private">👁 Only you can see this · Dismiss message</div>' if message.is_ephemeral else ""
        at = datetime.fromtimestamp(((message.id >> 22) + 1_420_070_400_000) / 1000, UTC).strftime("%H:%M")
        return (
            f'<article>{self._reply()}<div class="avatar" style="background:{COLOURS[author.id % len(COLOURS)]}">'
            f"{escape(author.name[:1].upper())}</div><div class='body'><div class='head'><b>{escape(author.name)}</b>"
            f"{badge}<time>{at}</time></div>{''.join(parts)}{edited}{self._thread()}{private}</div></article>"
        )

    def _reply(self) -> str:
        asked = self._message.interaction
        if asked is not None and "interaction" in asked:
            who, what = asked["interaction"]["user"]["username"], asked["interaction"]["name"]
            return f'<div class="reply"><b>{escape(who)}</b> used <span class="mention">/{escape(what)}</span></div>'
        to = self._message.reference
        if to is None:
            return ""
        words = inline(to.text.split("\n")[0][:90] or "Click to see attachment", self._name, self._now)
        return f'<div class="reply"><b>{escape(to.author.name)}</b> {words}</div>'

    def _thread(self) -> str:
        thread = self._message.thread
        if thread is None:
            return ""
        count = len(thread.messages)
        return f'<div class="thread"><b>{escape(thread.name)}</b> <a>{count} message{"s" * (count != 1)} &gt;</a></div>'

    def _embed(self, embed: dict[str, object]) -> str:
        colour = embed.get("color")
        edge = f' style="border-left-color:#{colour:06x}"' if isinstance(colour, int) else ""
        title, text = str(embed.get("title") or ""), str(embed.get("description") or "")
        head = f"<b>{self._markdown(title)}</b>" if title else ""
        return f'<div class="container"{edge}>{head}{self._markdown(text) if text else ""}</div>'

    def _media(self, url: str) -> str:
        self._used.add(url)
        return media.address(url, self._attachments, self._pictures)

    def _name(self, sign: str, number: int) -> str:
        if sign == "#":
            return next((f"#{one.name}" for one in self._world.all_channels() if one.id == number), "#unknown")
        user = self._world.users.get(number)
        return f"@{user.name}" if user is not None else "@role" if sign == "@&" else "@unknown-user"
