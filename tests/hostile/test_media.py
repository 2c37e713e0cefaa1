"""Media that is made to do harm, against the real ffmpeg, ffprobe and Pillow: read as what it is not, or endless.

`HOSTILE_MEDIA=10000 pytest tests/hostile/test_media.py -k damaged` damages more samples than the suite has time for.
"""

import asyncio
import json
import math
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from asyncinotify import Inotify, Mask

from core.errors import ChecksumMismatch, CompressionFailed
from core.media_input import MAX_STREAMS
from core.media_probe import probe
from download_module import media_facts
from download_module.assembler import Assembler
from download_module.plan import Assemble, Kind, Output, Part
from tests.download_module.given import MIB
from tests.hostile.media_campaign import RULES
from tests.support.sample_media import clip, picture
from tests.support.sample_pictures import png_claiming
from upload_module.fitting.animation import AnimationFitter
from upload_module.fitting.fit import Fitter, Step, Way
from upload_module.fitting.picture_fitter import PictureFitter
from upload_module.fitting.picture_process import PictureProcess
from upload_module.fitting.source_facts import facts_of
from upload_module.fitting.video_fitter import VideoFitter

CHECKOUT = Path(__file__).parents[2]
DAMAGED = int(os.environ.get("HOSTILE_MEDIA", "200"))
PEAK = 1500 * MIB  # resident, of any child
PICTURES = PictureProcess(rules=RULES)
FITTERS: tuple[Fitter, ...] = (
    VideoFitter(RULES),
    AnimationFitter(PICTURES, video=VideoFitter(RULES)),
    PictureFitter(PICTURES),
)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Innocent samples, made once."""
    directory = tmp_path_factory.mktemp("media")
    for name in ("a.mp4", "a.mkv"):
        clip(directory / name, 0.6, "64x64")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.4", "-c:v", "mjpeg", directory / "mjpeg.avi")
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.02", *("-map", "0:a") * 1000, "-c:a", "pcm_s16le", directory / "streams.mkv")
    picture(directory / "a.jpg", "64x48")
    return directory


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60)


async def merged(file: Path, out: Path) -> Path:
    """What becomes of a file when it is put together with itself."""
    out.mkdir()
    part = Part(uris=("https://site.test/a",))
    output = Output(filename="made.mp4", kind=Kind.VIDEO, parts=(part, part), assemble=Assemble.MERGE)
    (made,) = await Assembler().assemble(output, [[file], [file]], out)
    return made


@contextmanager
def untouched(*files: Path) -> Iterator[None]:
    """Nobody opens these files meanwhile."""
    with Inotify(sync_timeout=0.05) as watch:
        for file in files:
            watch.add_watch(file, Mask.OPEN | Mask.ACCESS)
        yield
        assert [str(event.path) for event in watch] == []
    assert all(file.exists() for file in files)


# What would make ffmpeg, left to itself, open another file or address; {0} is a video that is somebody else's.
REFERRING = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n",
    "hls-file": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{0}\n#EXT-X-ENDLIST\n",
    "hls-key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{0}"\n#EXTINF:1,\ndata:,x\n#EXT-X-ENDLIST\n',
    "hls-map": '#EXTM3U\n#EXT-X-MAP:URI="{0}"\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n',
    "hls-subfile": "#EXTM3U\n#EXTINF:1,\nsubfile,,start,0,end,9999,,:{0}\n#EXT-X-ENDLIST\n",
    "hls-concat": "#EXTM3U\n#EXTINF:1,\nconcat:{0}|{0}\n#EXT-X-ENDLIST\n",
    "hls-master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{0}\n",
    "hls-web": "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{0}'\n",
    "concat-plain": "file '{0}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{0}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9">'
    '<image x:href="file://{0}" width="9" height="9"/></svg>',
    "xml-entity": '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e SYSTEM "file://{0}">]><svg>&e;</svg>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "pls": "[playlist]\nFile1={0}\nNumberOfEntries=1\n",
    "asx": '<asx version="3.0"><entry><ref href="{0}"/></entry></asx>',
    "smil": '<smil><body><video src="{0}"/></body></smil>',
    "avisynth": 'FFmpegSource2("{0}")\n',
    "mvg": "push graphic-context\nimage over 0,0 9,9 '{0}'\npop graphic-context\n",
    "ass": "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: {0}\n[Events]\n",
}


NAMES = ("clip.mp4", "list.m3u8", "photo.jpg")
WORST = ("hls", "concat", "svg")  # under every name; the others under one each


async def test_nothing_that_refers_to_another_file_is_followed(media: Path, tmp_path: Path) -> None:
    other = tmp_path / "somebody-elses.mp4"
    other.write_bytes((media / "a.mp4").read_bytes())
    few = asyncio.Semaphore(2)

    async def refused(form: str, name: str) -> None:
        work = tmp_path / f"{form}-{name}"
        work.mkdir()
        file = work / name
        file.write_text(REFERRING[form].format(other))
        async with few:
            with pytest.raises(ChecksumMismatch):
                await media_facts.verify(file, Kind.VIDEO)
            with pytest.raises(ChecksumMismatch):
                await merged(file, work / "out")
            assert list((work / "out").iterdir()) == []
            for fitter in FITTERS[:2] if name.endswith(".mp4") else FITTERS[2:]:
                assert await fitter.ways(file, 1) == []

    cases = [(form, NAMES[number % 3]) for number, form in enumerate(REFERRING)]
    cases = list(dict.fromkeys([*cases, *((form, name) for form in WORST for name in NAMES)]))
    with untouched(other):
        await asyncio.gather(*(refused(form, name) for form, name in cases))


async def test_a_name_is_no_pattern_of_names(media: Path, tmp_path: Path) -> None:
    """For ffmpeg's image2, `%d.jpg` and `*.jpg` are all pictures of a directory."""
    for name in ("%d.jpg", "*.jpg", "photo-%03d.jpg"):
        work = tmp_path / name.replace("%", "").replace("*", "")
        work.mkdir()
        others = [work / f"{number}.jpg" for number in range(3)]
        for other in others:
            other.write_bytes((media / "a.jpg").read_bytes())
        (work / name).write_bytes((media / "a.jpg").read_bytes())
        with untouched(*others):
            facts = await probe(work / name)
        assert facts is not None
        assert (facts.width, facts.duration_seconds) == (64, None)


async def test_what_hides_beside_the_video_is_not_passed_on(media: Path, tmp_path: Path) -> None:
    """Attachments and subtitles, which name files, stay behind."""
    (tmp_path / "evil.ass").write_text(
        "[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:00.00,0:00:00.5,CANARY\n"
    )
    (tmp_path / "note.txt").write_text("CANARY")
    source = tmp_path / "a.mkv"
    ffmpeg(
        *("-i", media / "a.mkv", "-i", tmp_path / "evil.ass", "-map", 0, "-map", 1, "-c", "copy"),
        *("-attach", tmp_path / "note.txt", "-metadata:s:t", "mimetype=text/plain", source),
    )
    assert b"CANARY" in source.read_bytes()
    assert b"CANARY" not in (await merged(source, tmp_path / "out")).read_bytes()


def _first(data: bytearray, tag: bytes) -> int:
    at = data.find(tag)
    assert at >= 0, tag
    return at


def _century(data: bytearray) -> None:
    """The longest duration that an MP4 can claim."""
    at = _first(data, b"mvhd")
    data[at + 16 : at + 24] = struct.pack(">II", 1, 0xFFFFFFFF)


def _crowded(data: bytearray) -> None:
    """Four milliards of samples."""
    at = _first(data, b"stts")
    data[at + 12 : at + 20] = struct.pack(">II", 0xFFFFFFFF, 1)


def _lasting(seconds: float) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        at = _first(data, b"\x44\x89\x88")  # Matroska's Duration
        data[at + 3 : at + 11] = struct.pack(">d", seconds)

    return change


def _wide(data: bytearray) -> None:
    """Frames of 65,500 pixels each way."""
    at = -1
    while (at := data.find(b"\xff\xc0\x00\x11", at + 1)) >= 0:
        data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)


BOMBS: dict[str, tuple[str, Callable[[bytearray], None]]] = {
    "century.mp4": ("a.mp4", _century),
    "crowded.mp4": ("a.mp4", _crowded),
    "endless.mkv": ("a.mkv", _lasting(math.inf)),
    "no-number.mkv": ("a.mkv", _lasting(math.nan)),
    "for-ever.mkv": ("a.mkv", _lasting(1e300)),
    "backwards.mkv": ("a.mkv", _lasting(-1e300)),
    "wide.avi": ("mjpeg.avi", _wide),
    "wide.jpg": ("a.jpg", _wide),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_what_claims_to_be_endless_ends(name: str, media: Path, tmp_path: Path) -> None:
    source, change = BOMBS[name]
    data = bytearray((media / source).read_bytes())
    change(data)
    file = tmp_path / name
    file.write_bytes(data)
    facts = await media_facts.facts_of(file, "https://site.test/")
    assert facts.duration_seconds is None or math.isfinite(facts.duration_seconds)
    async with asyncio.timeout(60):
        try:
            made = await merged(file, tmp_path / "out")
            assert made.stat().st_size < 2 * file.stat().st_size + 5000
        except ChecksumMismatch:
            assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) < 5000
        await _fitted(file, tmp_path / "fitted")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < PEAK


async def _fitted(file: Path, directory: Path) -> None:
    """Go every way; each ends in a file that fits, or in a sentence."""
    directory.mkdir()
    limit = max(1500, file.stat().st_size // 2)
    for fitter in FITTERS:
        for way in await fitter.ways(file, limit):
            try:
                made = await fitter.make(file, way, limit, directory, lambda *_: None)
            except (CompressionFailed, ChecksumMismatch):
                continue
            assert all(path.stat().st_size <= limit for path in made)


async def test_a_thousand_streams_are_refused(media: Path, tmp_path: Path) -> None:
    assert MAX_STREAMS < 1000
    assert await probe(media / "streams.mkv") is None
    assert await facts_of(media / "streams.mkv") is None
    with pytest.raises(ChecksumMismatch):
        await merged(media / "streams.mkv", tmp_path / "out")


@pytest.mark.parametrize("side", [65_535, 20_000])
async def test_a_picture_that_decodes_to_gigabytes_is_not_decoded(side: int, tmp_path: Path) -> None:
    file = tmp_path / "bomb.png"
    file.write_bytes(png_claiming(side, side))
    await media_facts.verify(file, Kind.IMAGE)
    assert (await media_facts.facts_of(file, "https://site.test/")).kind is Kind.IMAGE
    for fitter in FITTERS:
        assert await fitter.ways(file, 100) == []
    bold = Way(step=Step.COMPRESS, predicted_bytes=1, says="")
    with pytest.raises(CompressionFailed, match="too many pixels"):
        await FITTERS[2].make(file, bold, 1000, tmp_path, lambda *_: None)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < PEAK


@pytest.mark.timeout(60 + 3 * DAMAGED)
async def test_damaged_media_ends_in_an_error_of_ours_and_other_work_goes_on(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.hostile.media_campaign", str(DAMAGED), "7", str(tmp_path)),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate()
    outcome = json.loads(out)
    assert outcome["surprises"] == []
    assert outcome["cases"] == DAMAGED == sum(sum(ends.values()) for ends in outcome["ends"].values())
    errors = {end for ends in outcome["ends"].values() for end in ends if end[0].isupper()}
    assert {"ChecksumMismatch"} <= errors <= {"ChecksumMismatch", "CompressionFailed"}
    assert outcome["peak_bytes"] < PEAK
    assert outcome["slowest"] < 60
    assert outcome["longest_silence"] < 5
