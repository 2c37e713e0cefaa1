"""A bot's token: where it comes from, and what a wrong one looks like."""

import re
import sys
from pathlib import Path

from core.errors import ConfigurationError

# What people copy from the developer portal instead.
_LOOKS_LIKE = (
    (re.compile(r"\d{15,22}"), "It looks like the application's ID; the token is on the page Bot."),
    (re.compile(r"[0-9a-f]{64}"), "It looks like the application's public key; the token is on the page Bot."),
    (re.compile(r"[\w-]{32}"), "It looks like the OAuth2 client secret; the token is on the page Bot."),
    (re.compile(r"mfa\..*"), "It looks like the token of a person, which bots may not use."),
    (re.compile(r"https?://.*"), "It looks like a link; the token is on the page Bot."),
)
_PARTS = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{25,}")
_OUTDATED = "It has the form of a token, so it was reset or cut off: make a new one with Reset Token."
_OTHER = "A token has three parts with dots between them, about 70 characters in all."


def cleaned(text: str) -> str:
    """The token in what was pasted: without blanks, quotes, and the words that stand before it in examples."""
    return re.sub(r"^(BOSS_BOT_DISCORD_TOKEN=|Bot\s+)", "", text.strip()).strip().strip("\"'")


def read_token(source: str) -> str:
    """The token of a file, or of standard input for `-`.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The token can't be read from {source}: {error}.") from error
    token = cleaned(text)
    if not token:
        raise ConfigurationError(f"There is no token in {'standard input' if source == '-' else source}.")
    return token


def what_is_wrong(token: str) -> str:
    """Why Discord may have refused it, as far as its form tells; the token itself is not in the sentence."""
    if _PARTS.fullmatch(token):
        return _OUTDATED
    return next((said for form, said in _LOOKS_LIKE if form.fullmatch(token)), _OTHER)
