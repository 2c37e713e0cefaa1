"""Discord's markdown as HTML, as far as messages of a bot use it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

Names = Callable[[str, int], str]  # "@" or "#", and an id, to what is shown

_INLINE = re.compile(
    r"\\(?P<plain>[^\w\s]|_)"
    r"|```(?:\w*\n)?(?P<block>.+?)```"
    r"|`(?P<code>[^`]+)`"
    r"|<(?P<sign>@&?|#)!?(?P<id>\d+)>"
    r"|<t:(?P<time>\d+)(?::(?P<style>\w))?>"
    r"|</(?P<command>[^:>]+):\d+>"
    r"|\[(?P<label>[^\]]+)\]\(<?(?P<target>https?://[^)>\s]+)>?\)"
    r"|<?(?P<link>https?://[^\s<>]+)>?"
    r"|\*\*(?P<strong>.+?)\*\*|__(?P<under>.+?)__|~~(?P<gone>.+?)~~|\|\|(?P<spoiler>.+?)\|\|"
    r"|\*(?P<em>[^*]+)\*|\b_(?P<em2>[^_]+)_\b",
    re.DOTALL,
)
_TAGS = {"strong": "b", "under": "u", "gone": "s", "em": "i", "em2": "i"}
_STARTS = (("### ", "h3"), ("## ", "h2"), ("# ", "h1"), ("-# ", "small"), ("> ", "blockquote"), ("- ", "li"))


def html(text: str, names: Names, now: datetime) -> str:
    """The text as HTML; lines stay lines."""
    return (
        "\n".join(_line(line, names, now) for line in text.split("\n"))
        if "```" not in text
        else inline(text, names, now)
    )


def _line(line: str, names: Names, now: datetime) -> str:
    for start, tag in _STARTS:
        if line.startswith(start):
            return f"<{tag}>{inline(line.removeprefix(start), names, now)}</{tag}>"
    return f"<div>{inline(line, names, now) or '&nbsp;'}</div>"


def inline(text: str, names: Names, now: datetime) -> str:
    """What stands within a line."""
    done, said = 0, []
    for match in _INLINE.finditer(text):
        said += [escape(text[done : match.start()]), _shown(match, names, now)]
        done = match.end()
    return "".join([*said, escape(text[done:])])


def _shown(match: re.Match[str], names: Names, now: datetime) -> str:
    found = {key: value for key, value in match.groupdict().items() if value is not None}
    key = next(iter(found))
    match key:
        case "plain":
            return escape(found["plain"])
        case "block":
            return f"<pre>{escape(found['block'].strip())}</pre>"
        case "code":
            return f"<code>{escape(found['code'])}</code>"
        case "sign":
            return f'<span class="mention">{escape(names(found["sign"], int(found["id"])))}</span>'
        case "time":
            moment = datetime.fromtimestamp(int(found["time"]), UTC)
            return f'<span class="time">{_moment(moment, now, found.get("style"))}</span>'
        case "command":
            return f'<span class="mention">/{escape(found["command"])}</span>'
        case "label":
            return f'<a href="{escape(found["target"])}">{inline(found["label"], names, now)}</a>'
        case "link":
            return f'<a href="{escape(found["link"])}">{escape(found["link"])}</a>'
        case "spoiler":
            return f'<span class="spoiler">{inline(found["spoiler"], names, now)}</span>'
        case _:
            return f"<{_TAGS[key]}>{inline(found[key], names, now)}</{_TAGS[key]}>"


def _moment(moment: datetime, now: datetime, style: str | None) -> str:
    if style != "R":
        return moment.strftime("%H:%M" if style in ("t", "T") else "%d %B %Y %H:%M")
    seconds = round((moment - now).total_seconds())
    size, unit = next((abs(seconds) // span, unit) for span, unit in _SPANS if abs(seconds) >= span)
    amount = f"{size} {unit}{'' if size == 1 else 's'}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


_SPANS = ((86400, "day"), (3600, "hour"), (60, "minute"), (0.9, "second"), (0, "second"))
