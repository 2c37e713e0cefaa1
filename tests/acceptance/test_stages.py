"""Stages 1 to 3 with a real runner: what people ask for in rows, and what lies in their directories afterwards."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.house import House, settled
from tests.support.galleries import Galleries, serving
from tests.support.media_server.bodies import Source
from tests.support.player_pages import add_click_page, add_restless_page
from tests.support.processes import Program, gone
from tests.support.sample_media import add_hls, add_split_video, add_stream, audio_only, clip, picture
from tests.support.sample_streams import hls
from tests.support.swarm import Swarm
from tests.support.video_pages import add_feed

MIB = 1024 * 1024
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as the runner looks for them
ENDED = ("downloaded", "failed")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where media is made once for all tests."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture
async def galleries() -> AsyncIterator[Galleries]:
    async with serving() as galleries:
        yield galleries


async def wish(house: House, url: str, **options: Any) -> int:
    """A row that is kept when it is downloaded."""
    return await house.ask(url, upload=0, options=json.dumps(options))


async def started(house: House, **environment: str) -> Program:
    (runner,) = await house.start("download", RETRY_BASE_DELAY="0.1", MAX_DOWNLOAD_RETRIES="1", **environment)
    await house.ready("download")
    return runner


def files(house: House, download_id: int) -> list[Path]:
    found = house.query("SELECT path FROM media_files WHERE download_id = ? ORDER BY position", download_id)
    return [Path(path) for (path,) in found]


@dataclass(frozen=True, slots=True)
class Made:
    """What ffprobe sees in a file."""

    seconds: float
    streams: dict[str, float]  # seconds by kind
    height: int | None


def made(path: Path) -> Made:
    show = ("-show_entries", "format=duration:stream=codec_type,duration,height", "-of", "json")
    done = subprocess.run(["ffprobe", "-v", "error", *show, str(path)], capture_output=True, text=True, check=True)
    facts = json.loads(done.stdout)
    streams = {stream["codec_type"]: float(stream["duration"]) for stream in facts["streams"]}
    height = next((stream["height"] for stream in facts["streams"] if "height" in stream), None)
    return Made(float(facts["format"]["duration"]), streams, height)


def quiet(runner: Program) -> None:
    """The log has no faults of ours, and whole lines of ours alone."""
    lines = runner.output.splitlines()
    for line in lines:
        entry = json.loads(line)
        assert entry["level"] in ("INFO", "WARNING"), line
    assert "Traceback" not in runner.output


async def test_what_was_asked_for_in_the_options_is_what_comes(house: House, media: Path) -> None:
    site = house.site
    long = clip(media / "long.mp4", 20, "640x360")
    film, cut_film = (site.add(path, long, content_type="video/mp4", rate=4 * MIB) for path in ("/a.mp4", "/b.mp4"))
    hls(media / "hls", long)
    stream, cut_stream = (add_stream(site, path, media / "hls", "hls.m3u8") for path in ("/a", "/b"))
    split = add_split_video(site, "/split", media / "split", sizes=("320x180", "640x360"))
    small = sum((media / "split" / name).stat().st_size for name in ("audio.m4a", "video-320x180.mp4")) + 50_000
    runner = await started(house)
    clips = [await wish(house, url, clip="10.3-14.8") for url in (cut_stream, cut_film)]
    sounds = [await wish(house, url, audio=True) for url in (stream, film)]
    asked, best = await wish(house, split, quality="180p"), await wish(house, split)
    limited = await house.ask(split, destination="discord", channel_id=7, upload_limit_bytes=small)
    refused = {
        await wish(house, film, clip="purple"): "'purple' is no clip",
        await wish(house, film, quality=["x"]): "quality=['x'] means nothing",
        await wish(house, film, items=0): "items is a list of numbers from 1",
        await wish(house, film, clip="45-50"): "begins at 0:45, but this video ends at 0:20",
    }
    for download_id, sentence in refused.items():
        row = await house.until(download_id, *ENDED, timeout=60)
        assert (row["status"], row["error_kind"], row["attempts"]) == ("failed", "RequestRefused", 1)
        assert sentence in row["error"]
        assert row["error"].endswith(".")
    for download_id in clips:
        row = await house.until(download_id, *ENDED, timeout=60)
        assert row["duration_seconds"] == pytest.approx(4.5, abs=0.05)
        (file,) = files(house, download_id)
        assert made(file).streams == pytest.approx({"video": 4.5, "audio": 4.5}, abs=0.05)
    assert site.bytes_served("/b.mp4") < long.stat().st_size * 7 / 20  # all of the clip's seconds and some around them
    assert len({request.path for request in site.requests() if request.path.startswith("/b/hls1")}) == 5  # 10 to 14
    for download_id in sounds:
        await house.until(download_id, *ENDED, timeout=60)
        (file,) = files(house, download_id)
        assert file.suffix == ".m4a"
        assert made(file).streams == pytest.approx({"audio": 20}, abs=0.1)
    for download_id, height in ((asked, 180), (best, 360), (limited, 180)):
        await house.until(download_id, *ENDED, timeout=60)
        assert made(files(house, download_id)[0]).height == height
    quiet(runner)


async def test_a_list_becomes_rows_that_are_fetched_each(house: House, media: Path) -> None:
    sound = audio_only(media / "episode.mp3", 1)
    for number in range(1, 9):
        house.site.add(f"/feed/{number}.mp3", sound, content_type="audio/mpeg")
    feed = add_feed(house.site, "/feed", 8)
    runner = await started(house, MAX_PLAYLIST_ITEMS="4")
    some, all_ = await wish(house, feed, items="2-3,7", spoiler=True), await wish(house, feed)
    for download_id, episodes, told in (
        (some, [2, 3, 7], "3 downloads"),
        (all_, [1, 2, 3, 4], "the first 4 downloads"),
    ):
        row = await house.until(download_id, "downloaded")
        assert (row["title"], row["activity"], row["file_path"]) == ("A podcast", told, None)
        entries = house.query("SELECT id FROM downloads WHERE parent_id = ? ORDER BY id", download_id)
        assert len(entries) == len(episodes)
        for (entry,), episode in zip(entries, episodes, strict=True):
            found = await house.until(entry, *ENDED)
            assert (found["title"], found["status"]) == (f"Episode {episode}", "downloaded")
            assert [file.name for file in files(house, entry)] == [f"Episode {episode}.mp3"]
            assert json.loads(found["options"]) == ({"spoiler": True} if download_id == some else {})
    assert "no entries 90" in (await house.until(await wish(house, feed, items="90-"), "failed"))["error"]
    quiet(runner)


def attach(galleries: Galleries, house: House, name: str, alt: str | None = None) -> dict[str, Any]:
    """A file of a Mastodon post that lies on the site."""
    return galleries.attachment(name, alt=alt) | {"url": house.site.url(f"/files/{name}")}


@pytest.mark.parametrize("told", [True, False], ids=["told by the admin", "known by its address"])
async def test_a_post_comes_with_its_pictures_and_their_words(
    house: House, galleries: Galleries, media: Path, told: bool
) -> None:
    environment = {}
    if told:
        rules = house.directory / "rules.toml"
        rules.write_text('[sites."127.0.0.1"]\ngallery_instance = "mastodon"\n')
        environment["SITES_FILE"] = str(rules)
    for name in ("1.jpg", "3.jpg"):
        house.site.add(f"/files/{name}", picture(media / name))
    post = galleries.toot(
        *(attach(galleries, house, f"{number}.jpg", alt=f"Cat {number}") for number in (1, 2, 3)),
        text="<p>Cats &amp; more</p>",
    )
    runner = await started(house, **environment)
    download_id = await wish(house, post)
    row = await house.until(download_id, *ENDED, timeout=60)
    assert (row["status"], row["url_type"], row["extractor"]) == ("downloaded", "gallerydl", "mastodon")
    assert (row["title"], row["author"]) == ("Cats & more", "Bob B.")
    assert row["activity"] == "1 of 3 files could not be fetched"
    assert house.query("SELECT kind, description FROM media_files") == [("image", "Cat 1"), ("image", "Cat 3")]
    said = json.loads((Path(row["file_path"]) / "metadata.json").read_text())
    assert [len(said["missing"]), said["like_count"]] == [1, 7]
    assert [file["description"] for file in said["files"]] == ["Cat 1", "Cat 3"]
    quiet(runner)


async def test_a_paused_gallery_goes_on_with_what_is_missing(house: House, galleries: Galleries, media: Path) -> None:
    names = [f"{number}.jpg" for number in range(1, 13)]
    for name in names:
        house.site.add(f"/files/{name}", picture(media / "p.jpg"))
    post = galleries.toot(*(attach(galleries, house, name) for name in names))
    house.site.pause("/files/7.jpg", after=1000)
    await started(house)
    download_id = await wish(house, post)
    await settled(lambda: done_of(house, download_id) == 11, "all pictures but one", timeout=60)
    await house.shell(f"UPDATE downloads SET paused = 1 WHERE id = {download_id}")
    row = await house.until(download_id, "pending")
    assert (row["attempts"], row["claimed_by"]) == (0, None)
    house.site.resume()
    await house.shell(f"UPDATE downloads SET paused = 0 WHERE id = {download_id}")
    await house.until(download_id, "downloaded")
    assert len(files(house, download_id)) == 12
    assert [len(house.site.requests(f"/files/{name}")) for name in names if name != "7.jpg"] == [1] * 11


def done_of(house: House, download_id: int) -> int:
    """How many parts of a download are known to be complete."""
    journals = house.downloads.glob(f".staging/{download_id}-*/*.journal")
    return sum(path.read_text().count("done ") for path in journals)


async def test_a_stream_survives_the_death_of_its_runner_with_what_it_has(house: House, media: Path) -> None:
    stream = add_hls(house.site, "/hls", media / "twelve", seconds=12)
    house.site.pause("/hls/hls9.ts", after=1000)
    runner = await started(house)
    download_id = await wish(house, stream)
    await settled(lambda: done_of(house, download_id) == 11, "all segments but one", timeout=60)
    children = runner.children()
    await runner.kill()
    for child in children:
        await gone(child)
    house.site.resume()
    await started(house)
    row = await house.until(download_id, "downloaded", timeout=60)
    (file,) = files(house, download_id)
    assert made(file).seconds == pytest.approx(12, abs=0.1)
    assert (row["epoch"], row["attempts"]) == (2, 0)
    assert [len(house.site.requests(f"/hls/hls{n}.ts")) for n in range(12) if n != 9] == [1] * 11
    await settled(lambda: list((house.downloads / ".staging").iterdir()) == [], "an empty staging area")


async def test_magnets_bring_their_media_or_the_files_that_were_asked_for(house: House, media: Path) -> None:
    video = clip(media / "torrent.mp4", 1)
    contents: dict[str, Source] = {"a.mp4": video, "b.mp4": video, "c/readme.txt": 5000}
    runner = await started(house)
    async with Swarm(house.directory / "swarm", contents) as swarm:
        media_alone, asked = await wish(house, swarm.magnet), await wish(house, swarm.magnet, items="2-")
        none = await wish(house, swarm.magnet, items="9")
        assert "has only 3 files" in (await house.until(none, *ENDED, timeout=60))["error"]
        for download_id, names in ((media_alone, ["a.mp4", "b.mp4"]), (asked, ["b.mp4", "readme.txt"])):
            await house.until(download_id, "downloaded", timeout=60)
            assert [file.name for file in files(house, download_id)] == names
    quiet(runner)


async def test_what_is_cancelled_while_it_is_looked_at_leaves_no_process(
    house: House, galleries: Galleries, media: Path
) -> None:
    stream = add_hls(house.site, "/hls", media / "two", seconds=2)
    house.site.change("/hls/hls.m3u8", delay=600)
    post = galleries.toot(attach(galleries, house, "1.jpg"))
    galleries.hanging.add(f"/api/v1/statuses/{post.rpartition('/')[2]}")
    runner = await started(house)
    hanging = [await wish(house, stream), await wish(house, post)]
    await house.site.wait_for_request("/hls/hls.m3u8")
    await galleries.reached.wait()
    busy = [child for child in runner.children() if works_for(child, "ytdlp_child", "gallerydl_child")]
    assert len(busy) >= 2
    await house.shell(f"UPDATE downloads SET cancelled = 1 WHERE id IN ({hanging[0]}, {hanging[1]})")
    for download_id in hanging:
        row = await house.until(download_id, "cancelled", timeout=10)
        assert (row["error"], house.files_of(download_id)) == (None, [])
    for child in busy:
        await gone(child)
    quiet(runner)


def works_for(process: psutil.Process, *modules: str) -> bool:
    try:
        return any(word.endswith(modules) for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="there is no Chromium here")
async def test_a_player_behind_a_click_and_nothing_of_the_browser_afterwards(house: House, media: Path) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="bb-", dir="/tmp"))  # sockets of a browser need short paths
    page = add_click_page(house.site, "/click", clip(media / "clicked.mp4", 1), title="A click")
    restless = add_restless_page(house.site, "/restless")
    runner = await started(house, TMPDIR=str(temporary))
    row = await house.until(await wish(house, page), *ENDED, timeout=90)
    assert (row["status"], row["url_type"], row["title"]) == ("downloaded", "playwright", "A click")
    assert [file.name for file in files(house, row["id"])] == ["A click.mp4"]
    cancelled = await wish(house, restless)
    await house.site.wait_for_request("/restless/3", timeout=60)
    browser = [child for child in runner.children() if works_for(child, "playwright_child") or "chrom" in child.name()]
    assert len(browser) > 2
    await house.shell(f"UPDATE downloads SET cancelled = 1 WHERE id = {cancelled}")
    await house.until(cancelled, "cancelled", timeout=10)
    for child in browser:
        await gone(child)
    quiet(runner)
    children = runner.children()
    assert await runner.terminate(30) == 0
    for child in children:
        await gone(child)
    shutil.rmtree(temporary)  # what a child that was killed leaves there is for the sweep: see test_locked_directory


async def test_secrets_of_a_link_stay_out_of_the_log(house: House, media: Path) -> None:
    house.site.add("/film.mp4", clip(media / "film.mp4", 1), auth=("ann", "hunter2"))
    runner = await started(house, BOSS_BOT_LOG_LEVEL="DEBUG")
    private = house.site.url("/film.mp4").replace("http://", "http://ann:hunter2@")
    row = await house.until(await wish(house, private), *ENDED)
    assert row["status"] == "downloaded"
    row = await house.until(await wish(house, house.site.url("/nothing?token=hunter3")), *ENDED)
    assert "hunter3" not in row["error"]
    assert "hunter" not in runner.output
