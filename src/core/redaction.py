"""What must never be shown: the secrets that a process knows, and a text without them.

A process learns its secrets once, when it begins to log; from then on they are taken out of whatever it logs and of
whatever it writes into the table of what others said (errors, titles, metadata).
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

SECRET = "[secret]"  # noqa: S105  (what stands in place of one)
SHORTEST = 4  # characters; a password of three would take half of every line with it
TELLS = re.compile(r"pass|token|secret|key|cookie|auth(?!or)|session|username", re.IGNORECASE)  # names of options
_NOTHING = re.compile(r"(?!)")


class Secrets:
    """Texts that are taken out of others."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: set[str] = set()
        self._pattern = _NOTHING
        self.learn(*texts)

    def learn(self, *texts: str) -> None:
        """Take these out from now on as well."""
        if self._texts.issuperset(new := set(filter(None, texts))):
            return
        self._texts |= new
        # The longest first: one may be a part of another.
        ordered = sorted(self._texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else _NOTHING

    def forget(self) -> None:
        """Know none."""
        self._texts.clear()
        self._pattern = _NOTHING

    def hide(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(SECRET, text)


KNOWN = Secrets()  # of this process


def secrets_of(settings: BaseSettings) -> tuple[str, ...]:
    """Every secret that the settings hold: what is declared as one, and the passwords within URLs."""
    found: list[str] = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found += _spellings(value.get_secret_value())
        if isinstance(value, SecretStr | str):
            found += url_secrets(value.get_secret_value() if isinstance(value, SecretStr) else value)
    return tuple(dict.fromkeys(found))


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """The secrets in options: by their name, such as `password`, at any depth; and the passwords within URLs."""
    match value:
        case Mapping():
            for inner_name, inner in value.items():
                yield from secrets_in(inner, str(inner_name))
        case list() | tuple():
            for inner in value:
                yield from secrets_in(inner, name)
        case str() if TELLS.search(name):
            yield from _spellings(value)
        case str():
            yield from url_secrets(value)


def url_secrets(url: str) -> tuple[str, ...]:
    """What a URL carries before its host: the password, as it is written and as it is meant, and what HTTP makes of it.

    Nothing of a text that is no URL.
    """
    try:
        parts = urlsplit(url)
        user, password = parts.username or "", parts.password
    except ValueError:  # brackets that hold no address
        return ()
    if not parts.scheme or not password:
        return ()
    login = f"{unquote(user)}:{unquote(password)}"
    basic = base64.b64encode(login.encode()).decode()
    return (*_spellings(password), *_spellings(basic))


def _spellings(secret: str) -> tuple[str, ...]:
    found = dict.fromkeys((secret, unquote(secret), secret.rstrip("=")))
    return tuple(text for text in found if len(text) >= SHORTEST)
