"""Settings in words."""

from collections.abc import Sequence

from cogs.language import Language, later
from cogs.texts import size
from core.preferences import BarStyle, Limits, Notify, RoleRules

LEVELS = {
    Notify.NONE: later("none: the files, or nothing"),
    Notify.MINIMAL: later("minimal: begin and end"),
    Notify.NORMAL: later("normal: progress"),
    Notify.VERBOSE: later("verbose: each step"),
}
BARS = {
    BarStyle.STANDARD: later("standard"),
    BarStyle.BLOCKS: later("blocks"),
    BarStyle.DOTS: later("dots"),
}
WEIGHTS = {-1: later("low"), 0: later("normal"), 1: later("high")}
PERMISSIONS = {
    "download": later("download"),
    "manage_queue": later("manage the queue"),
    "manage_settings": later("manage settings"),
    "view_stats": later("view statistics"),
    "torrents": later("torrents"),
}


def yes_no(value: bool, t: Language) -> str:
    """A choice between two."""
    return t("yes") if value else t("no")


def limit_words(
    limits: Limits, t: Language, *, only: Sequence[str] = ("max_bytes", "running", "waiting", "a_day")
) -> list[str]:
    """The limits that there are, one line each."""
    told = {
        "max_bytes": limits.max_bytes and t("Size of a download: at most {size}", size=size(limits.max_bytes, t)),
        "running": limits.running and t("Running at once: at most {count}", count=limits.running),
        "waiting": limits.waiting and t("Waiting at once: at most {count}", count=limits.waiting),
        "a_day": limits.a_day and t("In 24 hours: at most {count}", count=limits.a_day),
    }
    return [line for name in only if (line := told[name])]


def rules_words(rules: RoleRules, t: Language) -> str:
    """What a role allows, in one line."""
    said = [
        f"{'✅' if value else '🚫'} {t(words)}"
        for name, words in PERMISSIONS.items()
        if (value := getattr(rules, name)) is not None
    ]
    return " · ".join([*said, *limit_words(rules, t)]) or t("nothing is set")
