"""What a media file holds, as far as it matters for making it fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.media_input import plain
from core.media_probe import ask

HDR_TRANSFERS = ("smpte2084", "arib-std-b67")  # PQ and HLG
# What browsers, and so Discord, play in the page; by the ending of the name, which is what Discord goes by.
MP4_NAMES = (".mp4", ".m4v", ".mov")
PLAYS = {".mp4": ("h264", "vp9", "av1"), ".webm": ("vp8", "vp9", "av1")}
SOUNDS = {".mp4": ("aac", "mp3", "opus", "flac"), ".webm": ("opus", "vorbis")}
EIGHT_BIT = ("yuv420p", "yuvj420p")
_ENTRIES = (
    "format=start_time,duration"
    ":stream=index,codec_type,codec_name,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate"
    ",color_transfer,field_order,bit_rate,duration,channels"
    ":stream_disposition=default,attached_pic:stream_side_data=rotation"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The moving picture."""

    index: int  # of the stream
    codec: str
    pixels: str  # ffmpeg's name of the pixel format
    width: int  # as it is shown: upright, with square pixels
    height: int
    fps: float  # on average; 25 when it is not said
    varies: bool  # frames are not equally far apart
    hdr: str | None  # the transfer function, one of HDR_TRANSFERS
    interlaced: bool

    @property
    def short_side(self) -> int:
        """Pixels: what people call 720p, upright or not."""
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The track that is heard: the default one, else the first."""

    index: int
    codec: str
    channels: int
    bps: int | None  # bits a second, where it is said


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """One file."""

    path: Path
    bytes: int
    seconds: float | None
    start: float  # seconds, the first timestamp
    picture: Picture | None
    sound: Sound | None
    streams: int  # all of them, with attachments and covers

    @property
    def others(self) -> int:
        """Streams that nobody sees or hears."""
        return self.streams - (self.picture is not None) - (self.sound is not None)

    @property
    def homes(self) -> tuple[str, ...]:
        """The endings of files in which the picture, copied, plays inline."""
        if self.picture is None or (self.picture.codec == "h264" and self.picture.pixels not in EIGHT_BIT):
            return ()
        homes = [ending for ending, codecs in PLAYS.items() if self.picture.codec in codecs]
        return tuple(sorted(homes, key=lambda ending: ending != self.path.suffix.lower()))

    @property
    def home(self) -> str | None:
        """The ending of a file in which picture and sound, copied, play inline; None: there is none."""
        return next((ending for ending in self.homes if not self.sound or self.sound.codec in SOUNDS[ending]), None)

    @property
    def plays_inline(self) -> bool:
        """Whether Discord plays the file as it is."""
        suffix = self.path.suffix.lower()
        return self.home == (".mp4" if suffix in MP4_NAMES else suffix)


async def facts_of(path: Path) -> SourceFacts | None:
    """What a file holds; None for what has neither a moving picture nor sound, or can't be read."""
    said = await ask(plain(path), "-show_entries", _ENTRIES)
    streams: Sequence[Mapping[str, Any]] = said.get("streams", ())
    pictures = [s for s in streams if s.get("codec_type") == "video" and not s["disposition"]["attached_pic"]]
    sounds = [s for s in streams if s.get("codec_type") == "audio"]
    picture = _picture(_chosen(pictures)) if pictures else None
    if picture is None and not sounds:
        return None
    container = said.get("format", {})
    lengths = [container.get("duration"), *(stream.get("duration") for stream in streams)]
    return SourceFacts(
        path=path,
        bytes=path.stat().st_size,
        seconds=next((float(length) for length in lengths if length is not None and float(length) > 0), None),
        start=float(container.get("start_time") or 0.0),
        picture=picture,
        sound=_sound(_chosen(sounds)) if sounds else None,
        streams=len(streams),
    )


def _chosen(streams: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((stream for stream in streams if stream["disposition"]["default"]), streams[0])


def _picture(stream: Mapping[str, Any]) -> Picture | None:
    width, height = int(stream.get("width") or 0), int(stream.get("height") or 0)
    if not width or not height:
        return None
    aspect = _ratio(stream.get("sample_aspect_ratio", "").replace(":", "/"))
    width = max(1, round(width * aspect)) if aspect else width
    if any(abs(int(data.get("rotation", 0))) % 180 == 90 for data in stream.get("side_data_list", ())):
        width, height = height, width
    average, grid = _ratio(stream.get("avg_frame_rate")), _ratio(stream.get("r_frame_rate"))
    fps = average or grid or 25.0
    return Picture(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "")),
        pixels=str(stream.get("pix_fmt", "")),
        width=width,
        height=height,
        fps=fps,
        varies=bool(grid) and abs(grid - fps) > 0.01 * fps,
        hdr=stream["color_transfer"] if stream.get("color_transfer") in HDR_TRANSFERS else None,
        interlaced=stream.get("field_order") in ("tt", "bb", "tb", "bt"),
    )


def _sound(stream: Mapping[str, Any]) -> Sound:
    bps = stream.get("bit_rate")
    return Sound(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "")),
        channels=int(stream.get("channels") or 2),
        bps=int(bps) if bps is not None else None,
    )


def _ratio(said: str | None) -> float:
    """A fraction in ffprobe's words; 0 when it says none."""
    try:
        return float(Fraction(said or "0"))
    except (ValueError, ZeroDivisionError):
        return 0.0
