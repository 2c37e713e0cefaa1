"""Which subtitles are added to a video."""

from collections.abc import Mapping, Sequence
from typing import Any

Subtitles = Mapping[str, Sequence[Mapping[str, Any]]]

MAX_LANGUAGES = 20
ENDINGS = ("srt", "vtt", "ass", "ttml")  # best known to players first
NOT_WORDS = frozenset(("live_chat", "danmaku", "comments", "rechat"))


def choose_subtitles(
    wish: str, subtitles: Subtitles, automatic: Subtitles, language: str | None
) -> list[tuple[str, Mapping[str, Any]]]:
    """Pairs of language and what yt-dlp says of its file. Captions made by a machine only when there are no others.

    Args:
        wish: `en,de` or `all`.
        subtitles: by language, as yt-dlp has them.
        automatic: the same, made by a machine; most of them are translations of the original by a machine.
        language: what is spoken.
    """
    wanted = [name.strip().lower() for name in wish.split(",") if name.strip()]
    if "all" in wanted:
        spoken = [name for name in automatic if name.endswith("-orig")] or ([language] if language else [])
        found = _files(list(subtitles), subtitles) or _files(spoken, automatic)
    else:
        found = _files(_matching(wanted, subtitles), subtitles) or _files(_matching(wanted, automatic), automatic)
    return found[:MAX_LANGUAGES]


def _matching(wanted: Sequence[str], subtitles: Subtitles) -> list[str]:
    """The languages that are there for those that are asked for: `en`, else `en-US` for `en`."""
    found = []
    for name in wanted:
        exact = [language for language in subtitles if language.lower() == name]
        near = [language for language in subtitles if language.lower().startswith(f"{name}-")]
        near.sort(key=lambda language: not language.endswith("-orig"))
        found += (exact or near)[:1]
    return list(dict.fromkeys(found))


def _files(languages: Sequence[str], subtitles: Subtitles) -> list[tuple[str, Mapping[str, Any]]]:
    found = []
    for language in languages:
        files = [file for file in subtitles.get(language, ()) if language not in NOT_WORDS and _is_one_file(file)]
        if files:
            found.append((language, min(files, key=_rank)))
    return found


def _is_one_file(file: Mapping[str, Any]) -> bool:
    """Not in segments, which would have to be put together again."""
    return bool(file.get("data")) or (
        str(file.get("url", "")).startswith(("http://", "https://"))
        and not str(file.get("protocol", "")).startswith("m3u8")
    )


def _rank(file: Mapping[str, Any]) -> int:
    ending = file.get("ext")
    return ENDINGS.index(ending) if ending in ENDINGS else len(ENDINGS)
