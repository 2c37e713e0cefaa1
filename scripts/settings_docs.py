"""Writes what the settings say of themselves into README.md and .env.example: `python -m scripts.settings_docs`."""

import re
from pathlib import Path
from typing import Any

from core.settings import Settings, variable_of

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"


def default_of(field: str) -> str:
    """A setting's default as a person writes it into the environment."""
    value: Any = Settings.model_fields[field].default
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def readme_table() -> str:
    """The table of all settings in Markdown."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for field, info in Settings.model_fields.items():
        default = f"`{default_of(field)}`" if default_of(field) else ""
        rows.append(f"| `{variable_of(field)}` | {default} | {info.description} |")
    return "\n".join(rows) + "\n"


def readme_with_table(readme: str) -> str:
    """The README with the table of today between its markers."""
    return re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{readme_table()}\n{END}", readme, flags=re.DOTALL)


def env_example() -> str:
    """The text of .env.example: every setting, commented out unless a person must fill it in."""
    lines = ["# Copy this file to .env and fill in the token. Everything else has a default; see the README.", ""]
    for field, info in Settings.model_fields.items():
        mark = "" if field == "discord_token" else "# "
        lines += [f"# {info.description}", f"{mark}{variable_of(field)}={default_of(field)}", ""]
    return "\n".join(lines)


def main() -> None:
    """Write both files."""
    readme = ROOT / "README.md"
    readme.write_text(readme_with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")


if __name__ == "__main__":
    main()
