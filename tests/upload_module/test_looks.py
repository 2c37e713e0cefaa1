"""What is taken for the same: fingerprints of real pictures and videos by the real ffmpeg, and when they are alike."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.earlier import Before
from core.ffmpeg_run import Ffmpeg
from core.models import MediaFile, SameBy
from tests.cogs.rows import a_download
from tests.upload_module.given import media_file
from upload_module.fingerprints import fingerprint
from upload_module.likeness import the_same
from upload_module.looks import POINTS, difference_hash, distance, look_alike, written

SHAPE = {"width": 640, "height": 360}


async def made(target: Path, *arguments: str) -> Path:
    """What ffmpeg makes."""
    child = await asyncio.create_subprocess_exec("ffmpeg", "-v", "error", *arguments, str(target))
    assert await child.wait() == 0
    return target


def a_file(path: Path, kind: str, **values: Any) -> MediaFile:
    known = {"path": str(path), "kind": kind, "bytes": path.stat().st_size, **SHAPE, **values}
    return replace(media_file(0, 1), **known)


async def test_a_picture_is_known_again_when_it_was_made_smaller_and_saved_anew(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "mandelbrot=s=640x360", "-frames:v", "1")
    picture = await made(tmp_path / "a.png", *source)
    small = await made(tmp_path / "b.jpg", "-i", str(picture), "-vf", "scale=200:-2", "-q:v", "25")
    other = await made(tmp_path / "c.png", "-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1")
    black = await made(tmp_path / "d.png", "-f", "lavfi", "-i", "color=black:s=640x360", "-frames:v", "1")
    ffmpeg = Ffmpeg()
    hashes = [await fingerprint(ffmpeg, a_file(path, "image")) for path in (picture, small, other, black)]
    files = [replace(a_file(picture, "image"), perceptual_hash=one) for one in hashes]
    assert hashes[3] is None, "all black pictures would be the same"
    assert look_alike(files[0], files[1])
    assert not look_alike(files[0], files[2])
    assert not look_alike(files[3], files[3])


async def test_a_video_is_known_again_by_some_of_its_frames(tmp_path: Path) -> None:
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    video = await made(
        tmp_path / "a.mp4", "-f", "lavfi", "-i", "mandelbrot=s=320x180:end_scale=0.001", "-t", "4", *encode
    )
    small = await made(tmp_path / "b.mkv", "-i", str(video), "-vf", "scale=160:-2", "-crf", "40", *encode)
    other = await made(tmp_path / "c.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180", "-t", "4", *encode)
    ffmpeg = Ffmpeg()
    one, again, different = [
        replace(file, perceptual_hash=await fingerprint(ffmpeg, file))
        for file in (a_file(path, "video", duration_seconds=4.0) for path in (video, small, other))
    ]
    assert one.perceptual_hash is not None
    assert len(one.perceptual_hash.split()) == 4
    assert look_alike(one, again)
    assert not look_alike(one, different)
    assert not look_alike(one, replace(again, duration_seconds=60.0))
    assert not look_alike(one, replace(again, width=180, height=320))


async def test_what_is_no_picture_has_no_looks(tmp_path: Path) -> None:
    broken = tmp_path / "a.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    assert await fingerprint(Ffmpeg(), a_file(broken, "image")) is None
    assert await fingerprint(Ffmpeg(), a_file(broken, "document")) is None


@pytest.mark.parametrize(
    ("one", "other", "bits"),
    [
        ("00000000000000ff", "0000000000000000", 8),
        ("ffffffffffffffff 0000000000000000", "fffffffffffffff0 0000000000000000", 2),
        ("ffffffffffffffff ----------------", "ffffffffffffffff 0000000000000000", None),  # one of two is too few
        ("ffffffffffffffff", "ffffffffffffffff ffffffffffffffff", None),
        ("written by hand", "written by hand", None),
    ],
)
def test_how_far_two_are_apart(one: str, other: str, bits: float | None) -> None:
    assert distance(one, other) == bits


def test_the_hash_tells_where_it_gets_lighter() -> None:
    rising = bytes(range(0, 9 * 20, 20)) * 8
    assert difference_hash(rising) == 2**64 - 1
    assert difference_hash(rising[::-1]) == 0
    assert difference_hash(bytes([7]) * POINTS) is None
    assert difference_hash(b"") is None
    assert written([None, 255]) == f"{'-' * 16} {255:016x}"


def test_the_same_bytes_go_over_the_same_looks_and_only_what_is_still_posted_counts() -> None:
    def before(id_: int, message: int | None, **values: Any) -> Before:
        file = replace(media_file(0, 1), kind="image", delivered_message_id=message, **values)
        return Before(download=a_download(id=id_, guild_id=5, channel_id=6), files=(file,))

    hash_ = f"{2**40:016x}"
    mine = replace(media_file(0, 1), kind="image", sha256="aa", perceptual_hash=hash_)
    looks, same = before(3, 33, sha256="bb", perceptual_hash=hash_), before(2, 22, sha256="aa")
    gone, deleted = before(4, None, sha256="aa"), before(5, 0, sha256="aa")
    assert the_same([mine], [deleted, gone, looks, same]) == (same, SameBy.BYTES)
    assert the_same([mine], [deleted, gone, looks]) == (looks, SameBy.LOOKS)
    assert the_same([mine, mine], [looks, same]) is None
    assert the_same([replace(mine, sha256=None, perceptual_hash=None)], [looks, same]) is None
    assert same.message == "https://discord.com/channels/5/6/22"
