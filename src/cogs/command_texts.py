"""Slash commands in other languages: what Discord's own list of commands shows, from the same catalogues."""

from discord import Locale, app_commands

from cogs.language import ENGLISH, language_of

LONGEST = 100  # characters that Discord shows of a description or a choice
_Where = app_commands.TranslationContextLocation
TRANSLATED = {
    # Names of commands and options stay as they are: members tell each other what to type.
    _Where.command_description,
    _Where.group_description,
    _Where.parameter_description,
    _Where.choice_name,
}


class CommandTexts(app_commands.Translator):
    """Descriptions and choices by Discord's locales; None where we have no other words than the English ones."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """See the library's class."""
        t = language_of(locale.value)
        if context.location not in TRANSLATED or t is ENGLISH:
            return None
        said = t(string.message)
        return None if said == string.message else said[:LONGEST]
