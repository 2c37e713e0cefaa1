"""The settings of a server as one text."""

from cogs.choices import own_name
from cogs.language import Language, later
from cogs.setting_words import LEVELS, rules_words
from cogs.texts import at_most, size
from core.preferences import EVERYONE, GuildPreferences, RoleRules

REPOST = {True: later("posted again"), False: later("a link to it")}


def settings_page(preferences: GuildPreferences, *, upload_limit: int | None, t: Language) -> str:
    """All that a server chose, of at most 2000 characters.

    Args:
        preferences: the server's.
        upload_limit: bytes of a file, as Discord named them; None: not yet.
        t: the language.
    """
    language = own_name(preferences.language) if preferences.language else t("as Discord has it for this server")
    detected = ", ".join(f"<#{channel}>" for channel in preferences.detect_in) or t("nowhere")
    everyone = _with_defaults(preferences.everyone)
    return at_most(
        [
            f"**{t('Settings of this server')}**",
            t("Language: {language}", language=language),
            t("Notifications: {level}", level=t(LEVELS[preferences.notify])),
            t("Default quality: {quality}", quality=preferences.quality or t("the best that fits")),
            t("Media that was posted here already: {what}", what=t(REPOST[preferences.repost])),
            t("Links are noticed without a command: {channels}", channels=detected),
            *([t("Upload limit: {size} a file", size=size(upload_limit, t))] if upload_limit else []),
            f"**{t('Who may do what')}**",
            f"{t('Everyone')}: {rules_words(everyone, t)}",
            *[f"<@&{role}>: {rules_words(rules, t)}" for role, rules in preferences.roles.items()],
        ]
    )


def _with_defaults(rules: RoleRules) -> RoleRules:
    return RoleRules(**(EVERYONE.model_dump() | rules.model_dump(exclude_none=True)))
