"""Every sentence has its translation, and numbers and plurals follow the language."""

import asyncio
from functools import cache
from io import BytesIO
from pathlib import Path

import discord
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from discord import app_commands

from cogs.command_texts import LONGEST, CommandTexts
from cogs.language import ENGLISH, Language, language_of, languages
from cogs.texts import size
from scripts.texts import faults, found_texts, read_catalogues, texts_of_commands

German = languages()["de"]
MANY = """
msgid ""
msgstr "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);\\n"

msgid "hello {name}"
msgstr "ahoj {name}"

msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "{count} soubor"
msgstr[1] "{count} soubory"
msgstr[2] "{count} souborů"

#, fuzzy
msgid "guessed"
msgstr "hádal"
"""


@cache
def template() -> Catalog:
    return found_texts()


def czech() -> Language:
    return Language.of("cs", read_po(BytesIO(MANY.encode()), locale="cs"))


@pytest.mark.parametrize("path", list(read_catalogues()), ids=lambda path: str(path.stem))
def test_a_catalogue_has_every_sentence_with_its_placeholders(path: Path) -> None:
    assert faults(read_catalogues()[path], template()) == []


@pytest.mark.parametrize("text", ["Lower quality", "The transfer failed.", "Post the media behind a link here."])
def test_sentences_of_buttons_errors_and_commands_are_found(text: str) -> None:
    assert text in template()


def test_descriptions_fit_into_discords_list_of_commands() -> None:
    shown = asyncio.run(texts_of_commands())
    assert len(shown) > 20
    assert [German(text) for text in shown if len(German(text)) > LONGEST] == []


def test_what_a_catalogue_lacks_stays_english() -> None:
    t = czech()
    assert t("hello {name}", name="x") == "ahoj x"
    assert t("never heard of {this}", this="it") == "never heard of it"
    assert t("guessed") == "guessed"
    assert t("") == ""


@pytest.mark.parametrize(("count", "said"), [(1, "1 soubor"), (3, "3 soubory"), (9, "9 souborů")])
def test_plurals_follow_the_rule_of_the_catalogue(count: int, said: str) -> None:
    assert czech().plural("{count} file", "{count} files", count) == said


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (
            "There is nothing behind this link any more (HTTP 404).",
            "Hinter diesem Link ist nichts mehr (HTTP 404).",
        ),
        ("The host a{b}.example was not found. Check the link for typing errors.", "Der Host a{b}.example wurde"),
        ("The site answered 42.", "The site answered 42."),
    ],
)
def test_sentences_that_were_stored_with_their_values_are_known_by_their_shape(stored: str, said: str) -> None:
    assert German(stored).startswith(said)
    assert ENGLISH(stored) == stored


def test_english_plurals_are_as_they_stand_in_the_code() -> None:
    assert [ENGLISH.plural("a file", "{count} files", count) for count in (0, 1, 2)] == ["0 files", "a file", "2 files"]


def test_decimals_are_written_as_the_language_writes_them() -> None:
    assert (size(1_500_000), size(1_500_000, German), size(12, German)) == ("1.4 MB", "1,4 MB", "12 bytes")
    assert (ENGLISH.decimal(1234.56), German.decimal(1234.56), German.decimal(3, 0)) == ("1234.6", "1234,6", "3")


@pytest.mark.parametrize(
    ("locales", "tag"),
    [
        (("de",), "de"),
        (("de-AT",), "de"),
        (("en-GB", "de"), "en"),
        (("fr", "de"), "de"),
        ((None, "xx"), "en"),
        ((), "en"),
    ],
)
def test_the_first_locale_that_we_speak_wins(locales: tuple[str | None, ...], tag: str) -> None:
    assert language_of(*locales).tag == tag


async def test_commands_are_translated_and_their_names_are_not() -> None:
    @app_commands.command(name="download", description="Post the media behind a link here.")
    async def download(interaction: discord.Interaction) -> None: ...

    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    payload = await download.get_translated_payload(tree, CommandTexts())
    assert list(payload["description_localizations"]) == ["de"]
    assert payload["name_localizations"] == {}
