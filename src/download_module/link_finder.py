"""The URLs in a Discord message."""

import re
from urllib.parse import urlsplit

_WIDE = "、。，！？；「」『』【】《》“”"  # noqa: RUF001  # these marks of other scripts are meant
_WIDE_TRAILING = "：）’»"  # noqa: RUF001  # they are
# A URL ends at a space and at the marks of links without preview, of code, quotations and spoilers; before a Markdown
# link's address when it was the link's text; and where a list goes on with the next URL without a space. Code counts:
# people put links into it to keep Discord from showing them, magnets above all.
_URL = re.compile(
    rf"""(?ai:https?://|magnet:\?)
    (?:
        (?! \]\( | \|\| | [,;|](?ai:https?://|magnet:\?) )
        [^\s<>`"\u200b\ufeff{_WIDE}]
    )+""",
    re.VERBOSE,
)
_BRACKETS = {")": "(", "]": "[", "}": "{"}  # by their closing ones
_TRAILING = frozenset(".,:;!?'*~|\\…" + _WIDE_TRAILING)


def find_urls(text: str) -> list[str]:
    """The http, https and magnet URLs in a message, each once, in order.

    Takes them out of angle brackets, Markdown links, spoilers and code, and leaves out the punctuation that follows. A
    closing bracket belongs to the URL when its opening one does.
    """
    found = (_trimmed(token[0], text[max(token.start() - 1, 0) : token.start()]) for token in _URL.finditer(text))
    return list(dict.fromkeys(filter(_is_whole, found)))


def _trimmed(token: str, before: str) -> str:
    """Without what only follows the URL in the text; `before` is the character in front of it."""
    if before in _BRACKETS.values():
        token = token[: _end_of_brackets(token, before)]
    surplus = {closing: token.count(closing) - token.count(opening) for closing, opening in _BRACKETS.items()}
    end = len(token)
    while end:
        last = token[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _TRAILING and not (last == before == "_"):
            break
        end -= 1
    return token[:end]


def _end_of_brackets(token: str, opening: str) -> int:
    """Where the bracket closes that was opened in front of the URL: `(https://site/a_(b)),` ends before the last."""
    depth = 1
    for position, character in enumerate(token):
        depth += (character == opening) - (_BRACKETS.get(character) == opening)
        if not depth:
            return position
    return len(token)


def _is_whole(url: str) -> bool:
    if url[:7].lower() == "magnet:":
        return "xt=urn:" in url.lower()
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False
