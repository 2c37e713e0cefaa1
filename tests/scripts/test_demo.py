"""`make demo` as a newcomer sees it, and the picture of it."""

import asyncio
import re
import shutil
import signal
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.demo.animation import animated_svg
from scripts.demo.comparing import is_identical
from scripts.demo.recording import record
from scripts.demo.screen import Frame, decoded, frames_of
from scripts.demo.site import Clips, can_seed, open_site
from tests.support.processes import Program, Programs
from tests.support.sample_media import audio_only, clip, video_only

ROOT = Path(__file__).parents[2]
KINDS = 3 + can_seed()
USE = "{http://www.w3.org/2000/svg}use"


@pytest.fixture
async def demo(programs: Programs, tmp_path: Path) -> Program:
    """The demo without a terminal, in a directory and an environment that are set up badly."""
    (tmp_path / ".env").write_text("BOSS_BOT_MAX_CONCURRENT_DOWNLOADS=nonsense\nARIA2C_RPC_URL=http://127.0.0.1:1\n")
    (tmp_path / "temporary").mkdir()
    env = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary"), "DOWNLOAD_DIR": "/dev/null/x"}
    return await programs.start([sys.executable, "-m", "scripts.demo"], env=env, cwd=tmp_path, name="demo")


def left_behind(programs: Programs, tmp_path: Path) -> list[object]:
    return [*programs.left(), *(tmp_path / "temporary").iterdir()]


def only(program: str, tmp_path: Path) -> Path:
    """A directory for PATH in which there is one program."""
    found = shutil.which(program)
    assert found
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).symlink_to(found)
    return tmp_path / "bin"


async def test_every_kind_of_link_is_delivered_as_it_was_and_nothing_stays_behind(
    demo: Program, programs: Programs, tmp_path: Path
) -> None:
    assert await demo.wait(100) == 0, demo.output
    assert demo.output.count("✔ identical") == KINDS
    assert "bossbotctl fetch URL" in demo.output.splitlines()[-2]
    assert "\x1b" not in demo.output
    assert str(tmp_path) not in demo.output
    assert left_behind(programs, tmp_path) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_it_can_be_ended_at_any_time_and_nothing_stays_behind(
    number: signal.Signals, status: int, demo: Program, programs: Programs, tmp_path: Path
) -> None:
    await demo.wait_for_output("downloading", 60)
    demo.send(number)
    assert await demo.wait(15) == status, demo.output
    assert "Traceback" not in demo.output
    assert left_behind(programs, tmp_path) == []


async def test_what_it_lacks_is_said_with_exit_status_1(programs: Programs, tmp_path: Path) -> None:
    env = {"PATH": str(only("ffmpeg", tmp_path)), "PYTHONPATH": str(ROOT)}
    demo = await programs.start([sys.executable, "-m", "scripts.demo"], env=env, cwd=tmp_path)
    assert await demo.wait(30) == 1
    assert "The demo failed: aria2c is not installed" in demo.output


async def test_without_a_tracker_the_torrent_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = clip(tmp_path / "clip.mp4", 1)
    monkeypatch.setenv("PATH", str(only("ffmpeg", tmp_path)))
    async with open_site(tmp_path, Clips(file=file, page=file, torrent=file)) as samples:
        assert [sample.what for sample in samples] == ["a plain file", "a page with a video", "video + audio apart"]


def test_one_byte_makes_a_file_differ(tmp_path: Path) -> None:
    original, delivered = tmp_path / "original", tmp_path / "delivered"
    original.write_bytes(b"the same")
    delivered.write_bytes(b"the same")
    assert is_identical(delivered, [original])
    delivered.write_bytes(b"the sane")
    assert not is_identical(delivered, [original])


@pytest.mark.parametrize(("seconds", "identical"), [(1.0, True), (1.1, False)])
async def test_a_merged_file_has_the_packets_of_its_originals(seconds: float, identical: bool, tmp_path: Path) -> None:
    originals = [video_only(tmp_path / "video.mp4", 1), audio_only(tmp_path / "audio.m4a", 1)]
    parts = [originals[0], audio_only(tmp_path / "other.m4a", seconds)]
    merged = tmp_path / "merged.mp4"
    inputs = [argument for part in parts for argument in ("-i", str(part))]
    ffmpeg = await asyncio.create_subprocess_exec("ffmpeg", "-v", "error", *inputs, "-c", "copy", str(merged))
    assert await ffmpeg.wait() == 0
    assert is_identical(merged, originals) is identical


DRAWING = """
from rich.live import Live
from rich.console import Console
console = Console()
console.print("[red]a line[/] that stays")
with Live("first\\nstate", console=console, auto_refresh=False) as live:
    live.update("second", refresh=True)
    live.update("third\\nand last", refresh=True)
with console.status("gone"):
    pass
console.print(f"{console.width} columns")
"""


async def test_a_recording_shows_what_the_terminal_showed() -> None:
    recording = await asyncio.to_thread(record, [sys.executable, "-c", DRAWING])
    frames = frames_of(recording.outputs)
    assert recording.status == 0
    assert [decoded(line).plain for line in frames[-1].lines] == [
        "a line that stays",
        "third",
        "and last",
        "80 columns",
    ]


def test_the_picture_rests_on_the_last_frame() -> None:
    frames = [Frame(0.0, ("one",)), Frame(1.5, ("one", "\x1b[1;32mtwo\x1b[0m <&>"))]
    picture = animated_svg(frames, title="make demo", description="A terminal")
    first, *others = [group for group in ElementTree.fromstring(picture).iter() if "translate" in str(group.attrib)]
    assert first.get("transform") == "translate(0 0)"
    assert [len(group.findall(USE)) for group in (first, *others)] == [2, 1]
    assert "font-weight:bold" in picture
    assert "100%{transform:none}" in picture


def test_the_picture_in_the_readme_needs_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    addresses = re.findall(r"\w+://[^\s\"'<>/:]+", picture)
    assert picture.count("✔ identical") == 4
    assert set(addresses) == {"http://www.w3.org", "http://127.0.0.1"}  # the name of SVG, and the site of the demo
    assert len(picture.encode()) < 300_000
    assert not any(part in picture for part in ("url(", "@import", "/tmp", "/home", "/root"))
