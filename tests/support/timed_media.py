"""A clip that tells its time: each frame by its brightness, the sound by where it sets in."""

import array
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

RATE = 25
SECONDS = 6
SOUND_AT = 3.0  # seconds; silence before
_STEP = 1.4  # of brightness from frame to frame, from 16 on


def timed_clip(path: Path, *options: str, irregular: bool = False) -> Path:
    """A video of `SECONDS` in the container of the suffix, with a key frame every 2 s and B-frames.

    Args:
        path: Where it goes.
        options: More ffmpeg output options, which win.
        irregular: Leave out two of three frames between 2.4 and 4 s.
    """
    picture = f"color=black:size=64x64:rate={RATE}:duration={SECONDS},geq=lum='floor(16.5+N*{_STEP})':cb=128:cr=128"
    if irregular:
        picture += ",select='not(between(n,60,100)*mod(n,3))'"
    sound = f"aevalsrc=exprs='gte(t,{SOUND_AT})*sin(880*2*PI*t)':duration={SECONDS}:sample_rate=48000"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    video = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-bf",
        "2",
        "-g",
        "50",
        "-pix_fmt",
        "yuv420p",
        "-fps_mode",
        "vfr",
    ]
    audio = ["-c:a", "aac"] if path.suffix in {".mp4", ".m4a", ".mkv"} else []
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, *video, *audio, *options, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def frame_times(path: Path) -> list[tuple[float, float]]:
    """For each frame of a clip cut out of a timed one: when it is shown, and when it was in the whole."""
    command = ["ffprobe", "-v", "error", "-f", "lavfi", "-i", f"movie={path.name},signalstats", "-of", "json"]
    show = ["-show_entries", "frame=pts_time:frame_tags=lavfi.signalstats.YAVG"]
    done = subprocess.run([*command, *show], check=True, capture_output=True, cwd=path.parent)
    frames = json.loads(done.stdout)["frames"]
    return [
        (float(f["pts_time"]), round((float(f["tags"]["lavfi.signalstats.YAVG"]) - 16) / _STEP) / RATE) for f in frames
    ]


def sound_sets_in(path: Path) -> float:
    """When the sound of a clip is heard first."""
    heard = ["-map", "0:a", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"]
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *heard], check=True, capture_output=True
    )
    samples = array.array("h", done.stdout)
    return next(number for number, sample in enumerate(samples) if abs(sample) > 3000) / 48000


def packet_sizes(path: Path) -> Sequence[int]:
    """The bytes of each packet of the picture."""
    show = ["-select_streams", "v", "-show_entries", "packet=size", "-of", "csv=p=0", str(path)]
    done = subprocess.run(["ffprobe", "-v", "error", *show], check=True, capture_output=True, text=True)
    return [int(line.strip(",")) for line in done.stdout.split()]
