"""What is written down of a download's media."""

import json
from pathlib import Path

from core.database import Database
from core.models import NewMediaFile
from core.queries import Queries
from download_module.media_metadata import MediaMetadata
from download_module.metadata_file import MAX_COLUMN, asked_alike, row_values, write_metadata
from download_module.plan import DownloadPlan
from tests.core.given import row

METADATA = MediaMetadata(
    platform="youtube", id="x", video_id="x", author="Ann", duration=12.5, thumbnail="https://i.test/x.jpg", tags=["a"]
)
PLAN = DownloadPlan(source_url="https://video.test/x", extractor="youtube", title="A film 🎬", metadata=METADATA)


async def test_the_file_holds_what_was_asked_found_and_fetched(tmp_path: Path, database: Database) -> None:
    number = await row(database, url="https://youtu.be/x", user_id=7, guild_id=8, options='{"quality": "720p"}')
    claim = await Queries(database).get(number)
    assert claim is not None
    file = NewMediaFile(path="/srv/1/a.mp4", kind="video", mime_type="video/mp4", bytes=5, sha256="ab", width=64)
    write_metadata(tmp_path, claim, PLAN, [file], ["lost.jpg"])
    told = json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))
    assert (told["platform"], told["video_id"], told["title"], told["tags"]) == ("youtube", "x", "A film 🎬", ["a"])
    assert told["url"] == "https://video.test/x"
    assert told["files"][0] | {"duration": None} == {
        "filename": "a.mp4",
        "file_type": "video",
        "mimetype": "video/mp4",
        "size_bytes": 5,
        "checksum": "sha256:ab",
        "duration": None,
        "width": 64,
        "height": None,
        "description": None,
    }
    assert told["missing"] == ["lost.jpg"]
    asked = told["download"]
    assert (asked["asked_url"], asked["user_id"], asked["options"]) == ("https://youtu.be/x", 7, {"quality": "720p"})


async def test_a_media_file_of_the_same_name_is_not_overwritten(tmp_path: Path, database: Database) -> None:
    claim = await Queries(database).get(await row(database))
    assert claim is not None
    (tmp_path / "metadata.json").write_text("theirs")
    write_metadata(tmp_path, claim, PLAN, [])
    assert (tmp_path / "metadata.json").read_text() == "theirs"
    assert json.loads((tmp_path / "metadata.boss-bot.json").read_text(encoding="utf-8"))["platform"] == "youtube"


def test_a_row_gets_the_columns_that_people_look_for() -> None:
    values = row_values(PLAN)
    assert (values["author"], values["duration_seconds"], values["thumbnail_url"]) == ("Ann", 12.5, METADATA.thumbnail)
    assert json.loads(values["metadata"])["video_id"] == "x"


def test_a_row_is_not_filled_with_what_a_site_sends() -> None:
    bulky = METADATA.model_copy(update={"platform_data": {"raw": "x" * 100_000}, "description": "y" * 50_000})
    text = row_values(DownloadPlan(source_url="u", extractor="e", metadata=bulky))["metadata"]
    assert len(text) <= MAX_COLUMN
    assert json.loads(text)["author"] == "Ann"
    endless = METADATA.model_copy(update={"author": "z" * 100_000})
    assert len(row_values(DownloadPlan(source_url="u", extractor="e", metadata=endless))["metadata"]) <= MAX_COLUMN


async def test_files_are_used_again_only_for_the_same_wish(tmp_path: Path, database: Database) -> None:
    queries = Queries(database)
    first = await queries.get(await row(database, options='{"clip": "1-2", "spoiler": true}'))
    same = await queries.get(await row(database, options='{"clip": "1-2", "force": false}'))
    other = await queries.get(await row(database, options='{"clip": "1-3"}'))
    assert first
    assert same
    assert other
    assert asked_alike(tmp_path, other)  # nothing is known
    write_metadata(tmp_path, first, PLAN, [])
    assert asked_alike(tmp_path, same)
    assert not asked_alike(tmp_path, other)


async def test_a_login_in_a_link_is_not_written_down(tmp_path: Path, database: Database) -> None:
    claim = await Queries(database).get(await row(database, url="https://ann:secret@site.test/a@b"))
    assert claim
    write_metadata(tmp_path, claim, PLAN, [])
    text = (tmp_path / "metadata.json").read_text(encoding="utf-8")
    assert "secret" not in text
    assert "https://site.test/a@b" in text
