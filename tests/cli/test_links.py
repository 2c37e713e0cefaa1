"""`bossbotctl links`: what works is listed, what is revoked works no more."""

from core.file_links import FileLinks, NewLink
from core.models import Settlement, Status
from tests.cli.conftest import Ctl, Given, Play
from tests.core.given import media


async def linked(given: Given) -> NewLink:
    claim = await given.claimed(upload=False)
    assert await given.downloader.settle(claim, Settlement(Status.DOWNLOADED), files=[media("/files/harbour.mp4")])
    (file,) = await given.queries.files(claim.id)
    link = await FileLinks(given.queries._database).make(file.id, seconds=3700, actor="web:11")
    assert link is not None
    return link


def test_links_are_listed_and_revoked(ctl: Ctl, play: Play[NewLink]) -> None:
    assert "no links" in ctl("links", "list").err
    link = play(linked)
    told = ctl("links", "list", COLUMNS="120").out
    assert "harbour.mp4" in told
    assert "web:11" in told
    assert "in 1 h" in told
    assert link.token not in ctl("links", "list", "--json").out
    assert ctl("links", "revoke", "1").out == "1 revoked\n"
    again = ctl("links", "revoke", "1")
    assert (again.status, again.out) == (1, "")
    assert "no link that works" in again.err
    assert ctl("links", "list", "--json").json == []
    (gone,) = ctl("links", "list", "--all", "--json").json
    assert gone["is_live"] is False
