"""The real download runner: rows, files and bytes after everything that may happen to it."""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Programs, gone, wait_until
from tests.support.sample_media import add_split_video, page
from tests.support.swarm import Swarm

BIG = payload(48 * MIB)


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


async def half_fetched(scene: Scene, path: str = "/big.bin") -> None:
    """Waits until a third was fetched, then slows down until aria2 has saved where it is."""
    await scene.server.wait_for_bytes(path, BIG.size // 3)
    scene.server.change(path, rate=MIB)
    await asyncio.sleep(2.3)


def big(scene: Scene, path: str = "/big.bin") -> str:
    return scene.server.add(path, BIG, rate=60 * MIB, etag='"v1"')


async def test_an_inserted_row_becomes_a_file_and_tells_how_far_it_is(scene: Scene) -> None:
    await scene.start()
    body = payload(6 * MIB)
    scene.ask(scene.server.add("/My cat.bin", body, rate=2 * MIB))
    seen: dict[int, float] = {}
    ended = asyncio.create_task(scene.reach("downloaded"))
    row = scene.row()
    while not ended.done():
        row = scene.row()
        if row["status"] == "downloading" and row["downloaded_bytes"] < body.size:
            seen.setdefault(row["downloaded_bytes"], time.monotonic())
            assert 0 <= row["progress"] <= 100
        await asyncio.sleep(0.02)
    times = list(seen.values())
    assert list(seen) == sorted(seen)
    assert len(times) >= 3
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 1.5
    row = await ended
    assert (row["progress"], row["downloaded_bytes"], row["file_size"]) == (100, body.size, body.size)
    assert (row["title"], row["extractor"], row["url_type"]) == ("My cat.bin", "direct", "direct")
    assert (row["claimed_by"], row["error"], row["download_speed"], row["attempts"]) == (None, None, 0, 0)
    assert row["finished_at"]
    (file,) = scene.files()
    assert row["file_path"] == str(scene.downloads / "private" / row["added_at"][:10] / "1") == str(file.parent)
    assert file.name == "My cat.bin"
    assert holds(file, body)
    assert scene.staged == []
    # Set back although the files are here: nothing is fetched again.
    served = scene.server.bytes_served()
    scene.shell("UPDATE downloads SET status = 'pending' WHERE id = 1")
    await wait_until(lambda: scene.row()["epoch"] == 2 and scene.row()["status"] == "downloaded")
    assert scene.server.bytes_served() == served
    file.unlink()
    scene.shell("UPDATE downloads SET status = 'pending' WHERE id = 1")
    scene.server.change("/My cat.bin", rate=None)
    await wait_until(lambda: scene.row()["epoch"] == 3 and scene.row()["status"] == "downloaded")
    assert holds(file, body)


async def test_a_killed_runner_costs_no_bytes_and_its_row_goes_on(scene: Scene) -> None:
    runner = await scene.start()
    scene.ask(big(scene))
    await half_fetched(scene)
    children = runner.children()
    await runner.kill()
    for child in children:
        await gone(child)
    scene.server.change("/big.bin", rate=60 * MIB)
    await scene.start()
    row = await scene.reach("downloaded")
    assert holds(scene.files()[0], BIG)
    assert scene.server.bytes_served() <= 1.05 * BIG.size
    assert (row["epoch"], row["attempts"]) == (2, 0)
    assert scene.staged == []


async def test_changed_media_is_fetched_anew_after_a_break(scene: Scene) -> None:
    await scene.start()
    scene.ask(big(scene))
    await half_fetched(scene)
    scene.shell("UPDATE downloads SET paused = 1 WHERE id = 1")
    await scene.reach("pending")
    changed = payload(BIG.size, 7)
    scene.server.add("/big.bin", changed, etag='"v2"')
    scene.shell("UPDATE downloads SET paused = 0 WHERE id = 1")
    await scene.reach("downloaded")
    assert holds(scene.files()[0], changed)


async def test_pausing_stops_and_resuming_fetches_only_what_is_missing(scene: Scene) -> None:
    await scene.start()
    scene.ask(big(scene))
    await half_fetched(scene)
    scene.shell("UPDATE downloads SET paused = 1 WHERE id = 1")
    row = await scene.reach("pending", timeout=2)
    await scene.server.wait_until_idle("/big.bin", timeout=1)
    assert (row["attempts"], row["claimed_by"], row["error"]) == (0, None, None)
    assert 0 < row["downloaded_bytes"] < BIG.size
    scene.server.change("/big.bin", rate=60 * MIB)
    scene.shell("UPDATE downloads SET paused = 0 WHERE id = 1")
    await scene.reach("downloaded")
    assert holds(scene.files()[0], BIG)
    assert scene.server.bytes_served() <= 1.05 * BIG.size


async def test_cancelling_leaves_nothing_within_a_second(scene: Scene) -> None:
    await scene.start()
    scene.ask(big(scene))
    await scene.server.wait_for_bytes("/big.bin", MIB)
    scene.server.change("/big.bin", rate=4 * MIB)
    scene.shell("UPDATE downloads SET cancelled = 1 WHERE id = 1")
    row = await scene.reach("cancelled", timeout=1)
    assert scene.staged == []
    assert [path.name for path in scene.downloads.iterdir()] == [".staging"]
    await wait_until(lambda: not [*scene.downloads.glob(".staging/trash/*")], description="an empty trash")
    await scene.server.wait_until_idle("/big.bin", timeout=0.5)
    assert row["finished_at"]
    assert row["error"] is None


async def test_sigterm_gives_the_row_back_and_ends_all_children(scene: Scene) -> None:
    runner = await scene.start()
    scene.ask(big(scene))
    await half_fetched(scene)
    children = runner.children()
    assert await runner.terminate() == 0
    assert not [child for child in children if child.is_running()]
    row = scene.row()
    assert (row["status"], row["attempts"], row["claimed_by"]) == ("pending", 0, None)
    assert list((scene.directory / "data" / "aria2").iterdir()) == []
    scene.server.change("/big.bin", rate=60 * MIB)
    await scene.start()
    await scene.reach("downloaded")
    assert scene.server.bytes_served() <= 1.05 * BIG.size


async def test_a_hand_edit_wins_over_work_that_runs(scene: Scene) -> None:
    await scene.start()
    first = scene.ask(scene.server.add("/a.bin", BIG, rate=2 * MIB, etag='"a"'))
    second = scene.ask(scene.server.add("/b.bin", BIG, rate=2 * MIB))
    await scene.server.wait_for_bytes("/a.bin", 1000)
    await scene.server.wait_for_bytes("/b.bin", 1000)
    scene.shell("UPDATE downloads SET status = 'pending' WHERE id = ?", first)
    scene.shell("DELETE FROM downloads WHERE id = ?", second)
    await wait_until(lambda: scene.row(first)["epoch"] == 2)
    await scene.server.wait_until_idle("/b.bin", timeout=3)
    scene.server.change("/a.bin", rate=None)
    await scene.reach("downloaded", first)
    assert holds(scene.files(first)[0], BIG)
    assert scene.server.bytes_served("/b.bin") < BIG.size


async def test_two_runners_never_take_a_row_twice(scene: Scene) -> None:
    bodies = [payload(100_000 + number, number) for number in range(30)]
    for number, body in enumerate(bodies):
        scene.ask(scene.server.add(f"/{number}.jpg", body))
    await asyncio.gather(scene.start(), scene.start())
    await wait_until(lambda: scene.shell("SELECT count(*) FROM downloads WHERE status = 'downloaded'")[0][0] == 30, 30)
    for number, body in enumerate(bodies):
        row = scene.row(number + 1)
        assert (row["epoch"], row["attempts"]) == (1, 0)
        assert holds(scene.files(number + 1)[0], body)
        assert len(scene.server.requests(f"/{number}.jpg")) == 2  # the probe and the transfer
    runners = {row[0] for row in scene.shell("SELECT DISTINCT actor FROM events WHERE moved_to = 'downloaded'")}
    assert len(runners) == 2


async def test_every_kind_of_end_has_its_sentence(scene: Scene, tmp_path: Path) -> None:
    await scene.start(MAX_DOWNLOAD_SIZE_MB="1", MAX_DOWNLOAD_RETRIES="1", PLAYWRIGHT_ENABLED="false")
    server = scene.server
    magnet = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
    cases = {
        server.url("/gone.mp4"): ("MediaNotFound", "HTTP 404"),
        server.add("/big.mp4", 2 * MIB): ("TooLarge", "2 MiB; this bot fetches up to 1 MiB"),
        server.add("/endless.mp4", 2 * MIB, ranges=False, length="none"): (
            "TooLarge",
            "too large; this bot fetches up to 1 MiB",
        ),
        server.add("/short.mp4", 1000, length=2000, ranges=False): (None, None),
        server.add_page("/page", page("Words", "<p>Only words.</p>")): ("MediaNotFound", "no media"),
        "http://192.168.1.1/a.mp4": ("ForbiddenTarget", "not allowed"),
        "file:///etc/passwd": ("UnsupportedUrl", "not supported"),
        "http://nowhere.invalid/a.mp4": ("SourceUnreachable", "was not found"),
        magnet: ("UnsupportedUrl", "Torrents are switched off"),
    }
    member = {"destination": "discord", "channel_id": 7, "guild_id": 7, "user_id": 7}
    for url in cases:
        scene.ask(url, **(member if url == magnet else {}))
    await wait_until(lambda: scene.shell("SELECT count(*) FROM downloads WHERE finished_at IS NULL")[0][0] == 0, 40)
    for row in scene.shell("SELECT * FROM downloads"):
        kind, words = cases[row["url"]]
        assert row["status"] == "failed", dict(row)
        assert row["failed_stage"] == "download"
        assert row["error"].endswith(".")
        if kind:
            assert row["error_kind"] == kind, dict(row)
            assert words in row["error"]
    unreachable = scene.shell("SELECT attempts FROM downloads WHERE error_kind = 'SourceUnreachable'")
    assert unreachable[0]["attempts"] == 2


async def test_video_and_audio_arrive_as_one_file_and_a_damaged_part_is_fetched_again(
    scene: Scene, tmp_path: Path
) -> None:
    await scene.start()
    url = add_split_video(scene.server, "/split", tmp_path / "made", seconds=1)
    audio = (tmp_path / "made" / "audio.m4a").read_bytes()
    scene.server.add("/split/audio.m4a", lambda number: b"x" * len(audio) if number == 0 else audio)
    scene.ask(url)
    row = await scene.reach("downloaded", timeout=40)
    (file,) = scene.files()
    assert file.suffix == ".mp4"
    assert (row["url_type"], row["attempts"]) == ("ytdlp", 0)
    notes = [event["note"] for event in scene.shell("SELECT note FROM events WHERE note IS NOT NULL")]
    assert any("not the media" in note for note in notes)
    await wait_until(lambda: scene.staged == [])


async def test_a_member_may_ask_for_torrents_where_the_admin_allows_it(scene: Scene, tmp_path: Path) -> None:
    await scene.start(TORRENTS_FOR_MEMBERS="true")
    files = {"a.mp4": payload(300_000, 1), "sub/a.mp4": payload(200_000, 2)}
    async with Swarm(tmp_path / "swarm", files) as swarm:
        url = scene.server.add("/album.torrent", swarm.torrent_path)
        scene.ask(url, destination="discord", channel_id=7)
        row = await scene.reach("downloaded")
        assert (row["title"], row["extractor"], row["file_size"]) == ("sample", "torrent", 500_000)
        found = {path.name: path for path in scene.files()}
        assert set(found) == {"a.mp4", "a (2).mp4"}
        assert sorted(path.stat().st_size for path in found.values()) == [200_000, 300_000]


async def test_a_part_that_is_complete_survives_the_death_of_the_runner(scene: Scene, tmp_path: Path) -> None:
    runner = await scene.start()
    url = add_split_video(scene.server, "/split", tmp_path / "made", seconds=1)
    scene.server.pause("/split/video-320x180.mp4", after=1000)
    scene.ask(url)
    size = (tmp_path / "made" / "audio.m4a").stat().st_size
    await wait_until(lambda: [*scene.downloads.glob(".staging/1-1/manifest.json")], 20)
    journals = scene.downloads / ".staging" / "1-1"
    await wait_until(lambda: any("done" in path.read_text() for path in journals.glob("*.journal")), 20)
    children = runner.children()
    await runner.kill()
    for child in children:
        await gone(child)
    scene.server.resume()
    await scene.start()
    await scene.reach("downloaded")
    assert scene.server.bytes_served("/split/audio.m4a") == size


async def test_without_aria2c_the_runner_says_so_and_ends(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    environment = scene.environment(PATH=str(tmp_path / "bin"))
    runner = await scene.programs.start([sys.executable, "-m", "pooler.download_runner"], env=environment, cwd=tmp_path)
    assert await runner.wait(20) == 2
    assert runner.output.strip().splitlines()[-1] == "aria2c is missing. Install aria2: `apt install aria2`."
    assert "Traceback" not in runner.output
