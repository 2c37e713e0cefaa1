"""What may follow a link: options of a slash command, or words and `name=value` behind a prefix command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.texts import plain
from core.errors import RequestRefused
from core.options import QUALITY, Options
from download_module.link_finder import find_urls

QUALITIES = ("best", "1080p", "720p", "480p", "360p", "audio", "worst")
NAMES = ("quality", "audio", "clip", "items", "subtitles", "thumbnail", "spoiler", "force")
PRIORITIES = {"low": -1, "normal": 0, "high": 1}
MAX_LINKS = 10  # of one command
LOOSE = "loose"

PriorityName = Literal["low", "normal", "high"]
Place = discord.TextChannel | discord.VoiceChannel | discord.Thread


def _wish(name: str, default: Any = None) -> Any:
    """An option of a row as one of a command, described as it is there."""
    return commands.flag(default=default, description=(Options.model_fields[name].description or "").replace("`", ""))


class Flags(commands.FlagConverter, delimiter="="):
    """What may follow the URL: `quality=720p upload=False`, or further links and bare words: `720p high`."""

    quality: str | None = _wish("quality")
    audio: bool = _wish("audio", default=False)
    clip: str | None = _wish("clip")
    items: str | None = _wish("items")
    subtitles: str | None = _wish("subtitles")
    thumbnail: bool = _wish("thumbnail", default=False)
    priority: PriorityName | None = commands.flag(
        default=None, description="Before or after others. High is for those who manage the queue."
    )
    spoiler: bool = _wish("spoiler", default=False)
    force: bool = _wish("force", default=False)
    to: Place | None = commands.flag(default=None, description="Another channel for the files.")
    upload: bool = commands.flag(default=True, description="No: fetch it, and keep it on the bot's machine.")

    loose = ()  # words before the first `name=value`; without a type, or the library takes it for one of these

    # The library looks for `name=` anywhere, also within a further link.
    @classmethod
    async def convert(cls, ctx: Context, argument: str) -> Self:  # type: ignore[override]  # all contexts are ours
        words = argument.split()
        count = next((number for number, word in enumerate(words) if _is_flag(word)), len(words))
        rest = " ".join(words[count:])
        flags = await super().convert(ctx, rest) if rest else await cls._construct_default(ctx)
        setattr(flags, LOOSE, tuple(words[:count]))
        return flags


def _is_flag(word: str) -> bool:
    return word.partition("=")[0] in Flags.get_flags() and "=" in word


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All that was asked for, understood."""

    links: tuple[str, ...]
    options: dict[str, Any]
    priority: int | None = None  # None: as the member has it
    upload: bool = True
    to: Place | None = None


def understood(text: str, flags: Flags, ctx: Context) -> Wishes:
    """What a member wants.

    Args:
        text: the first argument: one link, or several.
        flags: what followed.
        ctx: whose language the refusal is in.

    Raises:
        RequestRefused: a word means nothing, or there are too many links.
    """
    options = {name: value for name in NAMES if (value := getattr(flags, name)) not in (None, False)}
    priority: str | None = flags.priority
    links = list(split_links(text))
    words: tuple[str, ...] = flags.loose
    for word in words:
        if "://" in word or word.lower().startswith("magnet:"):
            links += split_links(word)
        elif word.lower() in PRIORITIES:
            priority = word.lower()
        elif QUALITY.fullmatch(word.lower()):
            options["quality"] = word.lower()
        else:
            raise RequestRefused(ctx.t("{word} is not understood.", word=plain(word)))
    return Wishes(
        links=checked_links(links, ctx),
        options=options,
        priority=None if priority is None else PRIORITIES[priority],
        upload=flags.upload,
        to=flags.to,
    )


def split_links(text: str) -> Sequence[str]:
    """The links of a text; the text itself where there are none, so that its refusal can say why."""
    words = text.split()
    return words if len(words) < 2 else find_urls(text) or [text]


def checked_links(links: Sequence[str], ctx: Context) -> tuple[str, ...]:
    """Each once, and not too many.

    Raises:
        RequestRefused: too many.
    """
    found = tuple(dict.fromkeys(links))
    if len(found) > MAX_LINKS:
        said = ctx.t("These are {count} links; one command takes up to {limit}.", count=len(found), limit=MAX_LINKS)
        raise RequestRefused(said)
    return found


async def suggest_quality(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The qualities that fit what was typed, for autocomplete."""
    fitting = [quality for quality in QUALITIES if typed.casefold() in quality]
    return [app_commands.Choice(name=quality, value=quality) for quality in fitting]
