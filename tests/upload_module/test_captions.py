"""What delivered messages say."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.database import Database
from core.models import Download
from core.queries import Queries
from tests.upload_module.given import downloaded
from upload_module.captions import belongs_to, caption


@pytest.fixture
async def download(database: Database, tmp_path: Path) -> Download:
    found = await Queries(database).get(await downloaded(database, tmp_path, title="A clip"))
    assert found is not None
    return replace(found, id=7)


def test_title_link_and_number_are_shown(download: Download) -> None:
    assert caption(download, 1, 1) == "**A clip**\n-# <https://site.test/clip> · #7"
    assert caption(download, 2, 3) == "**A clip**\n-# <https://site.test/clip> · #7 · 2/3"


@pytest.mark.parametrize(
    "title",
    ["@everyone", "<@123>", "**bold** `code`", "[text](https://evil.test)", "https://evil.test", "# head", "||s||"],
)
def test_a_title_means_nothing_to_discord(download: Download, title: str) -> None:
    shown = caption(replace(download, title=title), 1, 1).partition("\n")[0][2:-2]
    for markup in "@<*`[]()|#:_~":
        assert markup not in shown.replace(f"\\{markup}", "")


def test_a_long_title_full_of_markup_fits_a_message(download: Download) -> None:
    text = caption(replace(download, title="*" * 5000, url="https://site.test/" + "a" * 400), 10, 10)
    assert len(text) <= 2000
    assert belongs_to(text, 7)


@pytest.mark.parametrize(
    "url",
    [
        "magnet:?xt=urn:btih:0",
        "https://user:secret@site.test/",
        "https://site.test/\u202egnp.exe",
        "https://site.test/a>b",
        "https://[broken",
        "https://site.test/" + "a" * 600,
    ],
)
def test_a_link_that_could_deceive_or_tell_a_secret_is_left_out(download: Download, url: str) -> None:
    assert caption(replace(download, url=url, title=None), 1, 1) == "-# #7"


@pytest.mark.parametrize(
    ("text", "belongs"),
    [
        ("-# #7", True),
        ("**t**\n-# <https://x.test> · #7 · 2/3", True),
        ("-# #77", False),
        ("-# #17", False),
        ("**-# #7**", False),
        ("-# <https://x.test/#7>", False),
        ("", False),
    ],
)
def test_a_message_is_told_by_its_last_line(text: str, belongs: bool) -> None:
    assert belongs_to(text, 7) is belongs


def test_a_title_can_not_forge_the_number(download: Download) -> None:
    assert not belongs_to(caption(replace(download, title="x\n-# #9", id=7), 1, 1), 9)
