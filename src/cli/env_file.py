"""The file `.env`: one variable of it is written, all else stays as a person wrote it."""

from pathlib import Path

from dotenv import dotenv_values, set_key

from core.errors import ConfigurationError

PRIVATE = 0o600


def value_in(file: Path, variable: str) -> str:
    """What the file says of a variable; empty when it says nothing, or is not there."""
    try:
        return (dotenv_values(file, interpolate=False).get(variable) or "") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}.") from error


def write_value(file: Path, variable: str, value: str) -> None:
    """Set a variable in the file, which only its owner can read from then on.

    Raises:
        ConfigurationError: the file can't be written.
    """
    try:
        file = file.resolve()  # a link stays one
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            file.chmod(PRIVATE)  # before the secret is in it; the library keeps the mode, and makes new ones private
        set_key(file, variable, value, quote_mode="never" if value.isprintable() and " " not in value else "always")
    except OSError as error:
        raise ConfigurationError(f"{file} can't be written: {error.strerror or error}.") from error
