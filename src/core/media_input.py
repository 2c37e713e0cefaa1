"""How ffmpeg and ffprobe are given a file: they may read it as media and nothing else, and reach nothing else."""

from dataclasses import dataclass
from pathlib import Path

# Demuxers that read one file and open no other. Left to itself, ffmpeg would obey a playlist that is named .mp4;
# with this list it refuses every format that refers to something (hls, dash, concat, image2 ...).
FORMATS = (
    *(
        "mov",
        "matroska",
        "mpegts",
        "mpeg",
        "mpegvideo",
        "avi",
        "asf",
        "flv",
        "live_flv",
        "ogg",
        "rm",
        "mxf",
        "ivf",
        "nut",
    ),
    *("mp3", "aac", "ac3", "eac3", "dts", "flac", "wav", "w64", "aiff", "amr", "ape", "wv", "tta", "caf", "au", "loas"),
    *("h264", "hevc", "obu", "mjpeg", "dv"),
    *("gif", "apng", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "jpegxl_pipe"),
)
_PLAIN = ("-format_whitelist", ",".join(FORMATS), "-protocol_whitelist", "file")
_JOINED = ("-format_whitelist", ",".join(("concat", *FORMATS)), "-protocol_whitelist", "file", "-f", "concat")
_PLAYLIST = ("-format_whitelist", ",".join(("hls", *FORMATS)), "-protocol_whitelist", "file,crypto", "-f", "hls")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInput:
    """One input of ffmpeg or ffprobe."""

    name: str  # an absolute path, or a playlist of ours in the child's working directory
    options: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands on the command line."""
        return (*self.options, "-i", self.name)


def plain(path: Path) -> MediaInput:
    """A media file."""
    options = (*_PLAIN, "-f", "jpeg_pipe") if _is_jpeg(path) else _PLAIN
    return MediaInput(name=str(path.absolute()), options=options)


def playlist(name: str, options: tuple[str, ...]) -> MediaInput:
    """A playlist of ours, which refers to staged files alone; `options` are `Ffmpeg.hls_options`."""
    return MediaInput(name=name, options=(*_PLAYLIST, *options))


def concatenation(name: str) -> MediaInput:
    """A list of ours of media files that we made."""
    return MediaInput(name=name, options=_JOINED)


def _is_jpeg(path: Path) -> bool:
    """Whether it is what ffmpeg, for its name, would take for one of a numbered sequence of pictures."""
    with path.open("rb") as stream:
        return stream.read(3) == b"\xff\xd8\xff"
