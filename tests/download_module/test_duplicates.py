"""When media that is known is not fetched again, and when it is."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.attempt import Done
from core.database import Database
from core.earlier import Earlier
from core.layout import Layout
from core.models import SameBy, Status
from core.queries import Queries
from core.requests import Requests
from core.sql_functions import utc_in, utc_now
from core.tables import media_files
from download_module.duplicates import Duplicates
from download_module.url_detector import Identity
from tests.core import given

THIS = Identity("youtube", "jNQXAC9IVRw")
MEDIA = {"site": THIS.site, "media_id": THIS.id}
HERE = {"guild_id": 5, "user_id": 7, "destination": "discord", "channel_id": 6}
POSTED = {"status": "uploaded", "title": "A film", "finished_at": utc_now(), **MEDIA, **HERE}


async def files_of(database: Database, row: int, *paths: Path, message: int | None = 99) -> None:
    """Files of a row, as they are after their delivery."""

    async def work(connection: AsyncConnection) -> None:
        for position, path in enumerate(paths):
            size = path.stat().st_size if path.exists() else 3
            file = {"path": str(path), "kind": "video", "bytes": size, "delivered_message_id": message}
            await connection.execute(insert(media_files).values(download_id=row, position=position, **file))

    await database.write(work)


async def answered(database: Database, root: Path, *, days: float = 7, **row: Any) -> tuple[int, Done | None]:
    """A row that is claimed, and what it is answered with."""
    id_ = await given.row(database, **HERE | row)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert claim.id == id_
    duplicates = Duplicates(
        earlier=Earlier(database), queries=Queries(database), store=store, layout=Layout(root), days=days
    )
    return id_, await duplicates.answer(claim, THIS)


async def test_a_posted_one_is_named_by_its_message(database: Database, tmp_path: Path) -> None:
    for thread_id in (None, 66, 66, 67):
        earlier = await given.row(database, **POSTED, thread_id=thread_id, options='{"spoiler": true}')
        await files_of(database, earlier, tmp_path / "a.mp4")
    _, done = await answered(database, tmp_path, thread_id=66, options='{"spoiler": true}')
    assert done is not None
    assert (done.settlement.status, done.files) == (Status.DOWNLOADED, ())
    same = {name: done.settlement.values[name] for name in ("title", "same_as", "same_by", "same_url")}
    link = "https://discord.com/channels/5/66/99"
    assert same == {"title": "A film", "same_as": 3, "same_by": SameBy.LINK, "same_url": link}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"options": '{"quality": "720p"}'}),
        ({"options": '{"clip": "0-9"}'}, {}),
        ({}, {"options": '{"force": true}'}),
        ({}, {"guild_id": 55}),
        ({"channel_id": 60}, {}),  # it may be private
        ({"thread_id": 66}, {}),
        ({}, {"thread_id": 66}),
        ({}, {"options": '{"spoiler": true}'}),
        ({}, {"same_as": 1}),  # its message can't be read
        ({"guild_id": None, "user_id": 8}, {"guild_id": None}),
        ({"media_id": "another"}, {}),
        ({"status": "failed"}, {}),
        ({"finished_at": utc_in(-8 * 24 * 3600)}, {}),
        ({"same_by": "link", "same_as": 1}, {}),  # it has no message of its own
        ({}, {"destination": "folder"}),
        ({}, {"upload": 0}),
        ({}, {"days": 0}),
    ],
)
async def test_what_is_not_the_same_is_fetched(
    database: Database, tmp_path: Path, before: dict[str, Any], now: dict[str, Any]
) -> None:
    await files_of(database, await given.row(database, **POSTED | before), tmp_path / "a.mp4")
    assert (await answered(database, tmp_path, **now))[1] is None


async def test_a_deleted_or_half_delivered_message_does_not_count(database: Database, tmp_path: Path) -> None:
    deleted, half = await given.row(database, **POSTED), await given.row(database, **POSTED)
    await files_of(database, deleted, tmp_path / "a.mp4")
    await Earlier(database).forget_message(deleted, 99)
    await files_of(database, half, tmp_path / "a.mp4", message=None)
    assert (await answered(database, tmp_path))[1] is None


async def test_a_guild_may_want_everything_posted_again(database: Database, tmp_path: Path) -> None:
    await files_of(database, await given.row(database, **POSTED), tmp_path / "a.mp4")
    requests = Requests(database, actor="test")
    await requests.change_guild_preferences(5, lambda old: old.model_copy(update={"repost": True}))
    assert (await answered(database, tmp_path))[1] is None


async def test_an_entry_of_a_playlist_has_no_card_that_could_name_a_message(database: Database, tmp_path: Path) -> None:
    earlier = await given.row(database, **POSTED)
    await files_of(database, earlier, tmp_path / "a.mp4")
    playlist = await given.row(database, status="downloaded", upload=0)
    assert (await answered(database, tmp_path, parent_id=playlist))[1] is None


async def test_kept_files_are_taken_and_live_on_their_own(database: Database, tmp_path: Path) -> None:
    kept = tmp_path / "5" / "2026-01-01" / "1"
    kept.mkdir(parents=True)
    (kept / "a.mp4").write_bytes(b"one film")
    earlier = await given.row(database, **POSTED | {"status": "downloaded", "upload": 0, "file_path": str(kept)})
    await files_of(database, earlier, kept / "a.mp4", message=None)
    id_, done = await answered(database, tmp_path)
    assert done is not None
    assert done.files is not None
    (file,) = done.files
    assert Path(file.path).parent == Path(done.settlement.values["file_path"])
    assert Path(file.path).parent.name == str(id_)
    assert not (tmp_path / ".staging" / f"{id_}-1").exists()
    (kept / "a.mp4").unlink()
    assert Path(file.path).read_bytes() == b"one film"
    assert (await answered(database, tmp_path))[1] is None  # they are gone there, and this one is not settled
