"""Media files of parts, by a real ffmpeg."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import ffmpeg_run
from core.errors import ChecksumMismatch
from download_module.assembler import Assembler
from download_module.plan import Assemble, Chapter, Cut, Kind, Output, Part
from tests.support.sample_media import audio_only, clip, picture

WEBM = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "200k")
OPUS = ("-c:a", "libopus")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips, made once."""
    directory = tmp_path_factory.mktemp("media")
    clip(directory / "video.mp4", 1, audio=False, options=("-movflags", "+faststart"))
    audio_only(directory / "audio.m4a", 1)
    clip(directory / "video.webm", 1, audio=False, options=WEBM)
    audio_only(directory / "audio.webm", 1)
    picture(directory / "picture.png")
    return directory


def output(filename: str, parts: int = 1, *, assemble: Assemble = Assemble.NONE, magnet: bool = False) -> Output:
    uri = "magnet:?xt=urn:btih:0" if magnet else "http://site.test/a"
    return Output(filename=filename, kind=Kind.VIDEO, parts=(Part(uris=(uri,)),) * parts, assemble=assemble)


def staged(media: Path, directory: Path, *names: str) -> list[list[Path]]:
    """Copies under the names that parts have on disk."""
    parts = []
    for number, name in enumerate(names):
        path = directory / f"{number}.part"
        path.write_bytes((media / name).read_bytes())
        parts.append([path])
    return parts


async def shown(path: Path, *what: str) -> dict[str, Any]:
    argv = ("ffprobe", "-v", "error", *what, "-of", "json", str(path))
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    return dict(json.loads(out))


async def streams(path: Path) -> list[tuple[str, str]]:
    said = await shown(path, "-show_streams")
    return [(stream["codec_type"], stream["codec_name"]) for stream in said["streams"]]


@pytest.mark.parametrize(
    ("video", "audio", "name", "codecs"),
    [
        ("video.mp4", "audio.m4a", "a.mp4", ["h264", "aac"]),
        ("video.webm", "audio.webm", "a.webm", ["vp8", None]),
        ("video.mp4", "audio.webm", "a.mkv", ["h264", None]),
        ("video.webm", "audio.m4a", "a.mkv", ["vp8", "aac"]),
    ],
)
async def test_video_and_audio_become_one_file(
    media: Path, tmp_path: Path, video: str, audio: str, name: str, codecs: list[str | None]
) -> None:
    parts = staged(media, tmp_path, video, audio)
    (tmp_path / "out").mkdir()
    (file,) = await Assembler().assemble(output(name, 2, assemble=Assemble.MERGE), parts, tmp_path / "out")
    assert file == tmp_path / "out" / name
    found = await streams(file)
    assert [kind for kind, _ in found] == ["video", "audio"]
    assert all(codec is None or codec == have for codec, (_, have) in zip(codecs, found, strict=True))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 3],
        lambda data: b"",
        lambda data: b"<html>Please log in</html>" * 40,
        lambda data: data[:64] + b"\xff" * (len(data) - 64),
    ],
)
async def test_a_damaged_part_is_told_and_leaves_no_ffmpeg(media: Path, tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    parts = staged(media, tmp_path, "video.mp4", "audio.m4a")
    parts[0][0].write_bytes(damage(parts[0][0].read_bytes()))
    with pytest.raises(ChecksumMismatch, match=r"\.$"):
        await Assembler().assemble(output("a.mp4", 2, assemble=Assemble.MERGE), parts, tmp_path)


@pytest.mark.parametrize("playlist", ["#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"])
async def test_a_playlist_that_is_named_as_media_reads_no_file_of_this_machine(
    media: Path, tmp_path: Path, playlist: str
) -> None:
    parts = staged(media, tmp_path, "video.mp4", "audio.m4a")
    parts[0][0].write_text(playlist.format(media / "video.mp4"))
    with pytest.raises(ChecksumMismatch):
        await Assembler().assemble(output("a.mp4", 2, assemble=Assemble.MERGE), parts, tmp_path)
    assert not (tmp_path / "a.mp4").exists()


async def test_an_ffmpeg_that_does_not_end_is_ended(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpeg_run, "TIMEOUT", 0.0)
    parts = staged(media, tmp_path, "video.mp4", "audio.m4a")
    with pytest.raises(ChecksumMismatch, match="in time"):
        await Assembler().assemble(output("a.mp4", 2, assemble=Assemble.MERGE), parts, tmp_path)


async def test_equal_names_get_numbers(media: Path, tmp_path: Path) -> None:
    directory = tmp_path / "out"
    directory.mkdir()
    names = []
    for number in range(3):
        (tmp_path / f"{number}").mkdir()
        parts = staged(media, tmp_path / f"{number}", "picture.png")
        names += [file.name for file in await Assembler().assemble(output("a/b.png"), parts, directory)]
    assert names == ["a_b.png", "a_b (2).png", "a_b (3).png"]


async def test_the_files_of_a_torrent_keep_their_own_names(tmp_path: Path) -> None:
    files = []
    for name in ("a.mp4", "sub/a.mp4", "sub/b.txt"):
        path = tmp_path / "0.part" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        files.append(path)
    directory = tmp_path / "out"
    directory.mkdir()
    found = await Assembler().assemble(output("album", magnet=True), [files], directory)
    assert [(file.name, file.read_text()) for file in found] == [
        ("a.mp4", "a.mp4"),
        ("a (2).mp4", "sub/a.mp4"),
        ("b.txt", "sub/b.txt"),
    ]


async def test_a_part_is_moved_where_the_file_system_has_no_links(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    (tmp_path / "out").mkdir()
    ((part,),) = staged(media, tmp_path, "picture.png")
    (file,) = await Assembler().assemble(output("a.png"), [[part]], tmp_path / "out")
    assert file.exists()
    assert not part.exists()


CHAPTERS = (
    Chapter(start=0, end=0.4, title="One; \\ = #1"),
    Chapter(start=0.4, end=1, title="Zwei\nDrei"),
)


@pytest.mark.parametrize(
    ("name", "cut", "expected"),
    [
        ("a.mp4", None, [(0.0, 0.4, "One; \\ = #1"), (0.4, 1.0, "Zwei\nDrei")]),
        ("a.mkv", None, [(0.0, 0.4, "One; \\ = #1"), (0.4, 1.0, "Zwei\nDrei")]),
        ("a.mp4", Cut(start=0.3, end=0.8), [(0.0, 0.1, "One; \\ = #1"), (0.1, 0.5, "Zwei\nDrei")]),
        ("a.mkv", Cut(start=0.5, end=None), [(0.0, 0.5, "Zwei\nDrei")]),
    ],
)
async def test_title_and_chapters_are_written_into_what_is_made(
    media: Path, tmp_path: Path, name: str, cut: Cut | None, expected: list[tuple[float, float, str]]
) -> None:
    parts = staged(media, tmp_path, "video.mp4", "audio.m4a")
    made = replace(output(name, 2, assemble=Assemble.MERGE), chapters=CHAPTERS, cut=cut)
    (tmp_path / "out").mkdir()
    (file,) = await Assembler().assemble(made, parts, tmp_path / "out", title="A = title; of \\ its # own")
    said = await shown(file, "-show_chapters", "-show_format")
    found = [(float(c["start_time"]), float(c["end_time"]), c["tags"]["title"]) for c in said["chapters"]]
    assert [title for *_, title in found] == [title for *_, title in expected]
    assert [time for *times, _ in found for time in times] == pytest.approx(
        [t for *ts, _ in expected for t in ts], abs=0.02
    )
    assert said["format"]["tags"]["title"] == "A = title; of \\ its # own"


async def test_what_is_done_is_reported(media: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float | None]] = []
    parts = staged(media, tmp_path, "video.mp4", "audio.m4a")
    made = output("a.mp4", 2, assemble=Assemble.MERGE)
    (tmp_path / "out").mkdir()
    await Assembler().assemble(made, parts, tmp_path / "out", report=lambda *said: told.append(said))
    assert {activity for activity, _ in told} == {"merging"}
    assert told[-1][1] == pytest.approx(100, abs=5)
    told.clear()
    cut = replace(made, cut=Cut(start=0.3, end=0.8))
    await Assembler().assemble(cut, parts, tmp_path / "out", report=lambda *said: told.append(said))
    assert {activity for activity, _ in told} == {"cutting"}
    assert told[-1][1] == pytest.approx(100, abs=10)
