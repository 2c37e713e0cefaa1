"""What the bot says, in the language of whoever reads it: gettext catalogues in `locales`, by Discord's locales.

English stands in the code, as `t("Download {number} is over.", number=3)`. By the convention that the translator is
always called `t`, `make texts` finds every sentence. What is stored in rows is English, with its values filled in; it
is known again by its shape.
"""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Self

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Shapes = tuple[tuple[re.Pattern[str], str], ...]
LOCALES = Path(__file__).with_name("locales")
SOURCE = "en"


def later(text: str) -> str:
    """Mark a sentence that is translated where it is used, such as the value of a table."""
    return text


class Language:
    """Translates sentences; one that the catalogue lacks stays English."""

    def __init__(self, tag: str, catalogue: NullTranslations | None = None, shapes: Shapes = ()) -> None:
        self.tag = tag  # as gettext names it: "en", "de"
        self._catalogue = catalogue or NullTranslations()
        self._shapes = shapes

    @classmethod
    def of(cls, tag: str, catalogue: Catalog) -> Self:
        """The language of a catalogue; guesses (fuzzy) and empty translations do not count."""
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        numbered = [one for one in catalogue if isinstance(one.id, str) and "{0" in one.id and not one.fuzzy]
        shapes = tuple((_shape(str(one.id)), str(one.string)) for one in numbered if one.string)
        return cls(tag, GNUTranslations(compiled), shapes)

    def __call__(self, text: str, /, **values: object) -> str:
        """The sentence in this language, with `{names}` filled in."""
        said = self._catalogue.gettext(text) if text else text  # gettext has its own header under the empty text
        if values:
            return said.format_map(values)
        return self._filled_in(text) if said == text else said

    def _filled_in(self, text: str) -> str:
        """A sentence that was stored with its values in it, such as an error; as it is when we know none like it."""
        for shape, said in self._shapes:
            if found := shape.fullmatch(text):
                return said.format(*found.groups())
        return text

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The sentence for this number, by the catalogue's own rule; `{count}` is filled in."""
        return self._catalogue.ngettext(one, many, count).format_map({"count": count} | values)

    def decimal(self, number: float, digits: int = 1) -> str:
        """A number with so many decimals: 1.5, or 1,5 where that is written so."""
        pattern = "0." + "0" * digits if digits else "0"
        return format_decimal(number, format=pattern, locale=self.tag)


def _shape(text: str) -> re.Pattern[str]:
    """What matches every sentence made of this one: `{0}`, `{1}` ... in their order stand for anything."""
    parts = Formatter().parse(text)
    return re.compile(
        "".join(re.escape(plain) + ("(.*?)" if name is not None else "") for plain, name, *_ in parts), re.DOTALL
    )


ENGLISH = Language(SOURCE)


def language_of(*locales: str | None) -> Language:
    """The language of the first locale that we speak, such as `de` or `en-GB`; English otherwise."""
    for locale in locales:
        if not locale:
            continue
        tag = str(locale).replace("_", "-").partition("-")[0].lower()
        if tag in languages():
            return languages()[tag]
    return ENGLISH


@cache
def languages() -> dict[str, Language]:
    """All languages that we speak, by tag."""
    found = {SOURCE: ENGLISH}
    for path in sorted(LOCALES.glob("*.po")):
        with path.open("rb") as file:
            found[path.stem] = Language.of(path.stem, read_po(file, locale=path.stem))
    return found
