"""The name under which a file is shown to people: safe on every system, in Discord, and to the eye."""

import re
import unicodedata

MAX_CHARACTERS = 100
MAX_BYTES = 200  # most file systems take 255; room for " (2)" and a hidden temporary name
MAX_SUFFIX = 12
# Controls, formats (bidi overrides, zero widths), surrogates, private use, line and paragraph separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')


def display_name(name: str) -> str:
    """A clean name with the suffix kept: no control, bidi or path characters, at most `MAX_CHARACTERS`."""
    seen = visible(_FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)))
    text = unicodedata.normalize("NFC", seen)  # what stood between two characters that combine is gone
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix) > MAX_SUFFIX or not suffix.isalnum():
        stem, dot, suffix = text, "", ""
    end = dot + suffix
    stem = _cut(stem.strip(" ."), MAX_CHARACTERS - len(end), MAX_BYTES - len(end.encode()))
    return (stem.rstrip(" .") or "file") + end


def visible(text: str) -> str:
    """The text without characters that nobody sees, runs of white space as one space."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    kept = (character for character in spaced if unicodedata.category(character) not in _INVISIBLE)
    return " ".join("".join(kept).split())


def _cut(text: str, characters: int, size: int) -> str:
    return text[:characters].encode()[:size].decode(errors="ignore")
