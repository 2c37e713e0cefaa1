"""Streams of HLS and DASH in the shapes that sites use, cut out of one clip without encoding it again.

Each function makes files in a directory of its own and returns the manifest; `sample_media.add_stream` serves them.
"""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from xml.etree import ElementTree

from Cryptodome.Cipher import AES
from Cryptodome.Util.Padding import pad

from download_module.plan import Part

KEY = bytes(range(16))
IV = bytes.fromhex("00112233445566778899aabbccddeeff")
MPD = "urn:mpeg:dash:schema:mpd:2011"
ElementTree.register_namespace("", MPD)

Encryption = Literal["sequence", "iv"]
"""AES-128 with the segment's number as IV, or with one that the playlist names."""


def hls(
    directory: Path,
    source: Path,
    *,
    fragmented: bool = False,
    byte_ranges: bool = False,
    encrypted: Encryption | None = None,
    streams: Sequence[str] = ("0:v", "0:a"),
    clock: float = 0.0,
    name: str = "hls",
) -> Path:
    """A media playlist, with segments that begin at the key frames of `source`.

    Args:
        directory: Where the playlist and its segments go.
        source: A clip in H.264 and AAC.
        fragmented: Fragmented MP4 with EXT-X-MAP in place of TS.
        byte_ranges: All segments in one file.
        encrypted: With a key beside them; with an IV the initialization of fragmented MP4 is encrypted too.
        streams: Which streams of the source.
        clock: What the timestamps begin with, in seconds.
        name: That of the playlist.
    """
    directory.mkdir(parents=True, exist_ok=True)
    maps = [word for stream in streams for word in ("-map", stream)]
    kind = ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"{name}-init.mp4"] if fragmented else []
    target = directory / f"{name}.m3u8"
    kind += ["-output_ts_offset", f"{clock}"]
    _ffmpeg(source, *maps, "-hls_time", "1", "-hls_playlist_type", "vod", *kind, "-f", "hls", target)
    if encrypted:
        _encrypt(target, encrypted)
    if byte_ranges:
        _put_in_one_file(target)
    return target


def hls_master(directory: Path, source: Path, *, fragmented: bool = False) -> Path:
    """A master playlist of one rendition, whose sound is in a playlist of its own."""
    hls(directory, source, fragmented=fragmented, streams=("0:v",), name="video")
    hls(directory, source, fragmented=fragmented, streams=("0:a",), name="audio")
    master = directory / "master.m3u8"
    master.write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,URI="audio.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="sound"\n'
        "video.m3u8\n"
    )
    return master


def hls_discontinuous(directory: Path, sources: Sequence[Path], *, fragmented: bool = False) -> Path:
    """Clips after one another, each with timestamps of its own, as an advertisement between two scenes."""
    scenes: list[str] = []
    for number, source in enumerate(sources):
        lines = hls(directory / str(number), source, fragmented=fragmented).read_text().splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith(("#EXT-X-MAP", "#EXTINF")))
        kept = [re.sub(r'URI="', f'URI="{number}/', line) for line in lines[begin:-1]]
        scenes.append("\n".join(line if line.startswith("#") else f"{number}/{line}" for line in kept))
    target = directory / "hls.m3u8"
    head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
    target.write_text(head + "\n#EXT-X-DISCONTINUITY\n".join(scenes) + "\n#EXT-X-ENDLIST\n")
    return target


def dash(directory: Path, sources: Sequence[Path], *, listed: bool = False) -> Path:
    """A DASH manifest with video and audio apart and a period for each source.

    Args:
        directory: Where the manifest and its segments go.
        sources: Clips in H.264 and AAC.
        listed: SegmentList in place of SegmentTemplate.
    """
    periods = []
    for number, source in enumerate(sources):
        scene = directory / f"period-{number}"
        scene.mkdir(parents=True, exist_ok=True)
        _ffmpeg(source, "-seg_duration", "1", "-f", "dash", scene / "dash.mpd")
        root = ElementTree.parse(scene / "dash.mpd").getroot()
        period = root.find(f"{{{MPD}}}Period")
        assert period is not None
        period.attrib = {"id": str(number), "duration": root.attrib["mediaPresentationDuration"]}
        for representation in period.iter(f"{{{MPD}}}Representation"):
            template = representation.find(f"{{{MPD}}}SegmentTemplate")
            assert template is not None
            for name in ("initialization", "media"):
                template.attrib[name] = f"{scene.name}/{template.attrib[name]}"
            if listed:
                _list_segments(representation, template, scene)
        periods.append(period)
        manifest = root
    for old in manifest.findall(f"{{{MPD}}}Period"):
        manifest.remove(old)
    manifest.extend(periods)
    manifest.attrib.pop("mediaPresentationDuration")
    target = directory / "dash.mpd"
    ElementTree.ElementTree(manifest).write(target, encoding="utf-8", xml_declaration=True)
    return target


def encrypted(data: bytes) -> bytes:
    """What a segment with `IV` carries."""
    return bytes(AES.new(KEY, AES.MODE_CBC, IV).encrypt(pad(data, 16)))


def packets(path: Path) -> dict[str, int]:
    """How many packets of video and of audio a media file has."""
    show = ("-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0")
    done = subprocess.run(["ffprobe", "-v", "error", *show, str(path)], capture_output=True, text=True, check=True)
    return {kind: int(count) for kind, count in (line.split(",") for line in done.stdout.split())}


def _list_segments(representation: ElementTree.Element, template: ElementTree.Element, scene: Path) -> None:
    """Puts a SegmentList in the place of a SegmentTemplate."""
    timeline = template.find(f"{{{MPD}}}SegmentTimeline")
    assert timeline is not None
    listed = ElementTree.Element(f"{{{MPD}}}SegmentList", {"timescale": template.attrib["timescale"]})
    number = representation.attrib["id"]
    (init,) = scene.glob(f"init-stream{number}.*")
    ElementTree.SubElement(listed, f"{{{MPD}}}Initialization", {"sourceURL": f"{scene.name}/{init.name}"})
    listed.append(timeline)
    for chunk in sorted(scene.glob(f"chunk-stream{number}-*")):
        ElementTree.SubElement(listed, f"{{{MPD}}}SegmentURL", {"media": f"{scene.name}/{chunk.name}"})
    representation.remove(template)
    representation.append(listed)


def _encrypt(playlist: Path, how: Encryption) -> None:
    """Encrypts what a playlist names, in its place."""
    (playlist.parent / "key.bin").write_bytes(KEY)
    lines = playlist.read_text().splitlines()
    for number, name in enumerate(line for line in lines if line and not line.startswith("#")):
        _encrypt_file(playlist.with_name(name), IV if how == "iv" else number.to_bytes(16, "big"))
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"'
    begin = next(i for i, line in enumerate(lines) if line.startswith("#EXTINF"))
    if how == "iv":
        key += f",IV=0x{IV.hex()}"
        for name in re.findall(r'#EXT-X-MAP:URI="([^"]+)"', playlist.read_text()):
            _encrypt_file(playlist.with_name(name), IV)
            begin -= 1  # the key stands before it
    playlist.write_text("\n".join([*lines[:begin], key, *lines[begin:], ""]))


def _put_in_one_file(playlist: Path) -> None:
    """All that a playlist names, one after the other in a single file."""
    single = playlist.with_suffix(".bin")
    data, lines = b"", []
    for line in playlist.read_text().splitlines():
        named = re.fullmatch(r'#EXT-X-MAP:URI="([^"]+)"', line)
        if not named and (not line or line.startswith("#")):
            lines.append(line)
            continue
        content = playlist.with_name(named[1] if named else line).read_bytes()
        span = f"{len(content)}@{len(data)}"
        data += content
        lines += (
            [f'#EXT-X-MAP:URI="{single.name}",BYTERANGE="{span}"']
            if named
            else [f"#EXT-X-BYTERANGE:{span}", single.name]
        )
    single.write_bytes(data)
    playlist.write_text("\n".join([*lines, ""]))


def _encrypt_file(path: Path, iv: bytes) -> None:
    path.write_bytes(AES.new(KEY, AES.MODE_CBC, iv).encrypt(pad(path.read_bytes(), 16)))


def _ffmpeg(source: Path, *arguments: str | Path) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), "-c", "copy", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg could not cut {source.name}: {done.stderr.strip()}")


def stage(parts: Sequence[Part], directory: Path, staging: Path) -> list[list[Path]]:
    """What a transfer of the parts leaves in `staging`; `directory` is what the site serves at its root."""
    files = []
    for position, part in enumerate(parts):
        path = staging / f"{position}.part"
        content = part.content
        if content is None:
            content = (directory / urlsplit(part.uris[0]).path.lstrip("/")).read_bytes()
        path.write_bytes(content)
        files.append([path])
    return files
