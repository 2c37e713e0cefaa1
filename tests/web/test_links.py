"""Links that hand files on: ranges, counting, expiry, revocation, and that a live one keeps its file."""

import re
from datetime import datetime

import pytest

from core.viewers import Viewer
from tests.web.place import ANNA, BEN, OWNER, Place

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTENT = bytes(range(256)) * 64


async def made(place: Place, number: int, **form: str) -> str:
    """The path of a new link, as its page shows it."""
    async with place.client(ANNA) as client:
        answer = await place.post(client, f"/files/{await place.file_id(number)}/links", **form)
    assert answer.status_code == 200
    shown = re.search(r'value="(http://[^"]+)"', answer.text)
    assert shown is not None
    return shown[1].removeprefix(place.url)


async def test_whoever_has_it_gets_the_page_the_bytes_and_any_range_of_them(place: Place) -> None:
    path = await made(place, await place.done(user_id=ANNA.user_id))
    async with place.client() as stranger:
        page = await stranger.get(path)
        assert page.status_code == 200
        source = re.search(r'<video[^>]+src="([^"]+)"', page.text)
        assert source is not None
        whole = await stranger.get(source[1])
        assert (whole.content, whole.headers["content-type"]) == (CONTENT, "video/mp4")
        part = await stranger.get(source[1], headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(CONTENT)}"
        assert (await stranger.get(source[1], headers={"Range": "bytes=99999-"})).status_code == 416
        saved = await stranger.get(f"{source[1]}?save")
        assert saved.headers["content-disposition"] == 'attachment; filename="clip.bin"'
        assert "og:video" in page.text
    (link,) = await place.desk.links.list()
    assert link.fetches == 2  # the whole and the saved one; a part from the middle is no new fetch


async def test_its_secret_is_not_in_the_database(place: Place) -> None:
    path = await made(place, await place.done(user_id=ANNA.user_id))
    rows = await place.shell("SELECT * FROM links")
    assert len(rows) == 1
    assert path.removeprefix("/d/") not in str(rows)


async def test_it_ends_when_its_time_is_over(place: Place) -> None:
    path = await made(place, await place.done(user_id=ANNA.user_id), hours="1")
    async with place.client() as stranger:
        assert (await stranger.get(path)).status_code == 200
        await place.shell("UPDATE links SET expires_at = datetime('now', '-1 seconds')")
        assert (await stranger.get(path)).status_code == 410
        assert (await stranger.get(f"{path}/clip.bin")).status_code == 410
        assert (await stranger.get("/d/never-was")).status_code == 404


async def test_it_ends_when_it_is_revoked_by_who_may(place: Place) -> None:
    path = await made(place, await place.done(user_id=ANNA.user_id))
    (link,) = await place.desk.links.list()
    async with place.client() as stranger, place.client(BEN) as ben, place.client(ANNA) as anna:
        assert (await place.post(ben, f"/links/{link.id}/revoke")).status_code == 404
        assert "clip.bin" not in (await ben.get("/links")).text
        assert (await stranger.get(path)).status_code == 200
        assert (await place.post(anna, f"/links/{link.id}/revoke")).status_code == 303
        assert (await stranger.get(path)).status_code == 410


@pytest.mark.parametrize(
    ("viewer", "hours"),
    [(OWNER, "8761"), (ANNA, "721"), (ANNA, "0"), (ANNA, "-1"), (ANNA, "1.5"), (ANNA, "\u0663"), (ANNA, "9" * 5000)],
)
async def test_hours_that_mean_nothing_are_refused_where_they_were_written(
    place: Place, viewer: Viewer, hours: str
) -> None:
    number = await place.done(user_id=ANNA.user_id)
    async with place.client(viewer) as client:
        answer = await place.post(client, f"/files/{await place.file_id(number)}/links", hours=hours)
    assert answer.status_code == 400
    assert f"1 to {8760 if viewer is OWNER else 720} hours (" in answer.text
    assert f'value="{hours}" aria-invalid="true"' in answer.text
    assert await place.desk.links.list() == []


@pytest.mark.parametrize(
    ("viewer", "hours", "seconds"),
    [(ANNA, "720", 720 * 3600), (OWNER, "8760", 8760 * 3600), (ANNA, " 007 ", 7 * 3600), (ANNA, "", 72 * 3600)],
)
async def test_it_works_for_as_long_as_was_asked(place: Place, viewer: Viewer, hours: str, seconds: int) -> None:
    number = await place.done(user_id=ANNA.user_id)
    async with place.client(viewer) as client:
        assert (await place.post(client, f"/files/{await place.file_id(number)}/links", hours=hours)).status_code == 200
    (link,) = await place.desk.links.list()
    lasts = datetime.fromisoformat(link.expires_at) - datetime.fromisoformat(link.created_at)
    assert abs(lasts.total_seconds() - seconds) <= 1


async def test_a_file_that_is_gone_or_changed_makes_no_link_and_ends_one(place: Place) -> None:
    number = await place.done(user_id=ANNA.user_id)
    path = await made(place, number)
    (place.directory / "downloads" / str(number) / "clip.bin").write_bytes(b"something else")
    async with place.client() as stranger, place.client(ANNA) as anna:
        assert (await stranger.get(path)).status_code == 410
        answer = await place.post(anna, f"/files/{await place.file_id(number)}/links")
        assert answer.status_code == 404
