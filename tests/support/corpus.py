"""Media of many kinds that ffmpeg makes of nothing, for measuring how files are made to fit.

Thirty videos, 5 s to 30 min, 240p to 4K, 24 to 60 frames a second and variable; ten recordings. Each is made when it
is asked for first, and kept in the caller's directory; all of them take some minutes and 2 GB.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.sample_media import picture

SIZES = {240: "426x240", 360: "640x360", 480: "854x480", 720: "1280x720", 1080: "1920x1080", 2160: "3840x2160"}
# Pictures of different kinds, by the filters that draw them.
LOOKS = {
    "card": "testsrc2=size={size}:rate={fps}:duration={seconds}",
    "fractal": "mandelbrot=size=640x360:rate={fps}:maxiter=200,trim=duration={seconds},scale={size}:flags=bicubic",
    "film": "gradients=size={small}:rate={fps}:duration={seconds}:nb_colors=6:speed=0.03:seed=7,scale={size},"
    "noise=alls=10:allf=t",
    "noise": "color=gray:size={size}:rate={fps}:duration={seconds},noise=alls=60:allf=t",
    "screen": "testsrc=size={size}:rate={fps}:duration={seconds},drawgrid=width=40:height=24:color=white@0.5",
    "cells": "life=size=320x180:rate={fps}:ratio=0.2:mold=20:seed=3,trim=duration={seconds},"
    "scale={size}:flags=neighbor",
    # A cut every four seconds, in turn still, moving and grainy.
    "scenes": "testsrc2=size={size}:rate={fps}:duration={seconds},"
    "hue=h='90*floor(t/4)',rotate='if(eq(mod(floor(t/4),3),1),t/3,0)',"
    "noise=alls=14:allf=t:enable='eq(mod(floor(t/4),3),2)'",
}
SMALL = "160x90"
TONE = (
    "aevalsrc=exprs='0.3*sin(2*PI*t*(220+110*floor(mod(t,4))))+0.1*random(0)|0.3*sin(2*PI*t*330)+0.1*random(1)'"
    ":duration={seconds}:sample_rate=48000"
)
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p")
SOUND = ("-c:a", "aac", "-b:a", "128k")
HDR = ("-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_trc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file, before it is made."""

    name: str  # with its ending
    seconds: float
    options: tuple[str, ...]  # of ffmpeg: inputs and outputs
    cover: bool = False  # a picture is added as the cover
    lying: bool = False  # it is to be turned when it is shown

    def path(self, directory: Path) -> Path:
        """The file, which is made if it is not there; it is never half a file."""
        path = directory / self.name
        if path.exists():
            return path
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=directory, prefix=".making-") as name:
            half = Path(name) / self.name
            cover = ["-i", str(picture(Path(name) / "cover.png", "640x640"))] if self.cover else []
            _ffmpeg([*cover, *self.options, str(half)])
            if self.lying:  # which ffmpeg writes only into what it copies
                upright = half.replace(Path(name) / f"upright{path.suffix}")
                _ffmpeg(["-i", str(upright), "-c", "copy", "-metadata:s:v:0", "rotate=90", str(half)])
            return half.replace(path)


def _ffmpeg(arguments: Sequence[str]) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg could not make {arguments[-1]}: {done.stderr.strip()}")


def video(
    look: str,
    height: int,
    fps: int,
    seconds: float,
    *options: str,
    name: str = "",
    suffix: str = ".mp4",
    sound: bool = True,
    filters: str = "",
    lying: bool = False,
) -> Sample:
    """A video.

    Args:
        look: one of LOOKS.
        height: one of SIZES.
        fps: frames a second.
        seconds: its length.
        options: more output options of ffmpeg, which win.
        name: put before the rest of the file's name.
        suffix: the container.
        sound: whether it is heard.
        filters: more of them.
        lying: whether it is to be turned when it is shown.
    """
    drawn = LOOKS[look].format(size=SIZES[height], small=SMALL, fps=fps, seconds=seconds) + filters
    tone = ("-f", "lavfi", "-i", TONE.format(seconds=seconds)) if sound else ()
    whole = "-".join(word for word in (name, look, f"{height}p{fps}", f"{seconds:g}s") if word)
    return Sample(
        name=whole + suffix,
        seconds=seconds,
        options=("-f", "lavfi", "-i", drawn, *tone, *ENCODED, *(SOUND if sound else ()), *options),
        lying=lying,
    )


def recording(name: str, seconds: float, *options: str, cover: bool = False) -> Sample:
    """Sound alone, with `cover` under a picture."""
    maps = ("-map", "1:a", "-map", "0:v", "-c:v", "mjpeg", "-disposition:v", "attached_pic") if cover else ()
    tone = ("-f", "lavfi", "-i", TONE.format(seconds=seconds))
    return Sample(name=name, seconds=seconds, options=(*tone, *maps, *options), cover=cover)


_WEBM = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M", "-c:a", "libopus")
VIDEOS = (
    video("card", 360, 25, 5),
    video("card", 1080, 30, 10),
    video("card", 2160, 30, 5),
    video("card", 720, 60, 10, sound=False),
    video("fractal", 1080, 30, 20),
    video("fractal", 720, 24, 30),
    video("fractal", 2160, 60, 5),
    video("fractal", 480, 30, 60),
    video("film", 1080, 24, 30),
    video("film", 720, 30, 60),
    video("film", 1080, 60, 15),
    video("film", 240, 25, 120),
    video("noise", 240, 25, 10, "-crf", "30"),
    video("noise", 720, 30, 10, "-crf", "30"),
    video("screen", 1080, 30, 60),
    video("screen", 1080, 60, 20, sound=False),
    video("screen", 720, 24, 300),
    video("cells", 480, 25, 30),
    video("cells", 1080, 30, 10),
    video("scenes", 720, 30, 40),
    video("scenes", 360, 30, 600),
    video("scenes", 240, 24, 1800),
    video("scenes", 720, 30, 10, name="turned", lying=True),
    video(
        "scenes",
        720,
        30,
        15,
        "-fps_mode",
        "vfr",
        name="varying",
        filters=",select='not(between(mod(t,5),2,4)*mod(n,3))'",
    ),
    video("card", 1080, 24, 8, *HDR, "smpte2084", name="pq"),
    video("card", 720, 30, 8, *HDR, "arib-std-b67", name="hlg"),
    video("fractal", 360, 25, 8, "-pix_fmt", "yuv444p", name="odd", filters=",crop=321:241:0:0"),
    video(
        "card",
        480,
        30,
        20,
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "1",
        "-c:a",
        "ac3",
        "-b:a",
        "448k",
        name="tracks",
        suffix=".mkv",
    ),
    video("scenes", 480, 30, 20, *_WEBM, suffix=".webm"),
    video("film", 480, 25, 20, "-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame", suffix=".avi"),
)
RECORDINGS = (
    recording("song.mp3", 180, "-b:a", "320k", cover=True),
    recording("song.flac", 180),
    recording("short.wav", 60),
    recording("album.m4a", 600, "-c:a", "aac", "-b:a", "256k"),
    recording("talk.ogg", 1800, "-c:a", "libopus", "-b:a", "64k"),
    recording("talk.opus", 3600, "-c:a", "libopus", "-b:a", "32k", "-ac", "1"),
    recording("surround.flac", 60, "-ac", "6"),
    recording("lecture.mp3", 5400, "-b:a", "48k", "-ac", "1"),
    recording("loud.wav", 120, "-ac", "2"),
    recording("plain.aac", 60, "-c:a", "aac", "-b:a", "128k"),
)
