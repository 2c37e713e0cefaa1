"""Names and descriptions of commands in other languages, as Discord takes and lists them."""

from typing import Any

KEYS = ("name_localizations", "description_localizations")
LOCALES = frozenset(  # Discord's documentation, "Locales"
    {"id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR"}
    | {"ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"}
)


def without_localizations(part: Any) -> Any:
    """A command as Discord lists it unless `with_localizations` is asked for."""
    if isinstance(part, dict):
        return {key: without_localizations(value) for key, value in part.items() if key not in KEYS}
    return [without_localizations(one) for one in part] if isinstance(part, list) else part


def spoken(definition: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """All names and all descriptions of a command, and the locales that are none."""
    names, descriptions = (definition.get(key) or {} for key in KEYS)
    unknown = sorted((set(names) | set(descriptions)) - LOCALES)
    return (
        [definition["name"], *names.values()],
        [definition.get("description", ""), *descriptions.values()],
        unknown,
    )
