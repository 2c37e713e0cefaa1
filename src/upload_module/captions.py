"""What a delivered message says: the title, the link as it was asked, and the number of the download."""

import re
from urllib.parse import urlsplit

from core.models import Download
from upload_module.display_names import visible

MAX_TITLE = 200
MAX_URL = 500
_MARKUP = re.compile(r"([\\`*_~|<>#\[\]():@/+-])")  # a backslash before it makes Discord show it as it is


def caption(download: Download, number: int, total: int, *, mention: int | None = None) -> str:
    """The text of message `number` of `total`, from 1: nothing in it formats or leads elsewhere.

    Args:
        download: the row.
        number: of the message.
        total: how many messages there are.
        mention: the member who is named in the last of them; nobody else is pinged by it.
    """
    title = visible(download.title or "")
    if len(title) > MAX_TITLE:
        title = title[: MAX_TITLE - 1].rstrip() + "…"
    notes = [link] if (link := _link(download.url)) else []
    notes.append(f"#{download.id}")
    notes += [f"{number}/{total}"] if total > 1 else []
    escaped = _MARKUP.sub(r"\\\1", title)
    named = f"<@{mention}>" if mention is not None and number == total else ""
    head = " ".join(part for part in (named, f"**{escaped}**" if title else "") if part)
    lines = [head] if head else []
    return "\n".join([*lines, f"-# {' · '.join(notes)}"])


def belongs_to(content: str, download_id: int) -> bool:
    """Whether a message with this text carries files of the download. A title can't forge it: it has its own line."""
    last = content.rpartition("\n")[2]
    return last.startswith("-# ") and re.search(rf"(?: )#{download_id}(?: · \d+/\d+)?$", last) is not None


def _link(url: str) -> str | None:
    """The URL in angle brackets, which Discord shows as it is and without a preview; None if it might deceive."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    hostile = visible(url) != url or re.search(r"[\s<>|`\\]", url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or hostile:
        return None
    return f"<{url}>" if len(url) <= MAX_URL else None
