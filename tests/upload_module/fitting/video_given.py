"""Small media of many kinds, and what is in a file."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.sample_media import audio_only, clip, picture

FINE = ("-crf", "8")  # so that there is something to make smaller
HDR = ("-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_trc", "smpte2084")
KINDS: Mapping[str, tuple[str, ...]] = {
    "plain.mp4": (),
    "tracks.mkv": ("-map", "0:v", "-map", "1:a", "-map", "1:a", "-map", "1:a", "-c:a", "pcm_s16le"),
    "deep.mp4": HDR,
    "odd.mp4": ("-vf", "crop=161:121:0:0", "-pix_fmt", "yuv444p"),
    "varying.mp4": ("-vf", "select='not(between(n,25,60)*mod(n,3))'", "-fps_mode", "vfr"),
    "old.avi": ("-c:v", "mpeg4", "-q:v", "2", "-c:a", "libmp3lame"),
    "cuttable.mp4": ("-g", "13"),
    "cuttable.webm": ("-c:v", "libvpx", "-b:v", "1M", "-g", "13", "-deadline", "realtime", "-c:a", "libvorbis"),
    "quiet.mp4": ("-an",),
}


def video(name: str, directory: Path, seconds: float = 3) -> Path:
    """One of KINDS, or `turned.mp4`, which is to be shown upright."""
    path = directory / name
    if path.exists():
        return path
    if name == "turned.mp4":
        copy = ("-c", "copy", "-metadata:s:v", "rotate=90")
        ffmpeg("-i", str(video("plain.mp4", directory, seconds)), *copy, str(path))
        return path
    return clip(path, seconds, options=(*FINE, *KINDS[name]))


def song(path: Path, seconds: float = 20) -> Path:
    """Sound with a cover that takes more than the sound."""
    sound = audio_only(path.with_name("sound.mp3"), seconds)
    cover = picture(path.with_name("cover.png"), "1280x720")
    maps = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic")
    ffmpeg("-i", str(sound), "-i", str(cover), *maps, str(path))
    return path


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, capture_output=True)


def streams(path: Path) -> list[dict[str, Any]]:
    """What ffprobe says of each stream, with the frames counted."""
    command = ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(path)]
    return list(json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"])


def seconds(path: Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


def plays(path: Path) -> bool:
    """Whether each frame and each sound can be decoded, from the first on."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0 and done.stderr == b""


def starts_at_once(path: Path) -> bool:
    """Whether the index of an mp4 stands before its media."""
    content = path.read_bytes()
    return content.index(b"moov") < content.index(b"mdat")
