"""What members type for settings, and what is written: sizes, numbers with "none", languages, qualities."""

import discord
from babel import Locale
from discord import app_commands

from cogs.context import Context
from cogs.language import Language, languages
from cogs.texts import plain
from cogs.wishes import QUALITIES
from core.errors import RequestRefused
from core.options import checked_options
from core.rates import parse_rate

DEFAULT = "default"  # takes a choice back
NO_LIMIT = ("none", "no", "off", "0", DEFAULT)


def language_tag(typed: str, t: Language) -> str | None:
    """The tag of a language by its tag or its name; None takes the choice back.

    Raises:
        RequestRefused: the bot does not speak it.
    """
    wanted = typed.strip().casefold()
    if wanted == DEFAULT:
        return None
    for tag in languages():
        if wanted in (tag, own_name(tag).casefold(), str(Locale(tag).english_name).casefold()):
            return tag
    spoken = ", ".join(f"`{tag}` ({own_name(tag)})" for tag in languages())
    raise RequestRefused(
        t("This bot does not speak {language}. It speaks {spoken}.", language=plain(typed), spoken=spoken)
    )


def own_name(tag: str) -> str:
    """The name of a language in that language."""
    return Locale(tag).get_display_name() or tag


def quality_choice(typed: str) -> str | None:
    """A quality as rows have it; None takes the choice back.

    Raises:
        RequestRefused: it means nothing.
    """
    if typed.strip().casefold() == DEFAULT:
        return None
    try:
        return str(checked_options({"quality": typed})["quality"])
    except RequestRefused as refused:
        raise RequestRefused(plain(str(refused), 300)) from None


def size_choice(typed: str, ctx: Context) -> int | None:
    """Bytes of `100M`; None for no limit.

    Raises:
        RequestRefused: this is no size.
    """
    wanted = typed.strip().casefold()
    if wanted in NO_LIMIT:
        return None
    try:
        # A bare number means what people mean: megabytes.
        return parse_rate(f"{wanted}M" if wanted.isdigit() else wanted)
    except ValueError:
        said = ctx.t("{size} is no size. Write it as `100M`, `2G` or `none`.", size=plain(typed))
        raise RequestRefused(said) from None


async def suggest_language(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The languages that the bot speaks, for autocomplete."""
    known = [app_commands.Choice(name=own_name(tag), value=tag) for tag in languages()]
    known.append(app_commands.Choice(name=DEFAULT, value=DEFAULT))
    return [one for one in known if typed.casefold() in one.name.casefold() or typed.casefold() in one.value]


async def suggest_default_quality(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The qualities that can be chosen for always, for autocomplete."""
    fitting = [one for one in (*QUALITIES, DEFAULT) if typed.casefold() in one]
    return [app_commands.Choice(name=one, value=one) for one in fitting]
