"""The settings as the owner sees them: value, where it comes from, what it means. Secrets are never shown."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from core.redaction import Secrets, secrets_of
from core.settings import Settings, variable_of

MASK = "set, not shown"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting."""

    variable: str
    value: str
    source: str  # "default", "environment" or ".env"
    meaning: str


def setting_rows(
    settings: Settings, *, environment: Mapping[str, str] | None = None, file: Path = Path(".env")
) -> tuple[SettingRow, ...]:
    """All of them, as this process read them."""
    environment = os.environ if environment is None else environment
    in_file = dotenv_values(file) if file.is_file() else {}
    hide = Secrets(secrets_of(settings)).hide
    rows = []
    for field, info in Settings.model_fields.items():
        variable = variable_of(field)
        value = getattr(settings, field)
        source = "environment" if environment.get(variable) else ".env" if in_file.get(variable) else "default"
        shown = MASK if isinstance(value, SecretStr) else hide(_text(value))
        rows.append(SettingRow(variable, shown, source, info.description or ""))
    return tuple(rows)


def _text(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
