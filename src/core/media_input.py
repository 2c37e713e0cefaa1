"""How ffmpeg and ffprobe are given a file: they may read it as media and nothing else, and reach nothing else."""

from collections.abc import Iterable
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
# Less than ffmpeg's own limits, of 1000 streams and 2**31 pixels: a file of a kilobyte may claim as many.
MAX_STREAMS = 256
MAX_PIXELS = 2**28  # of a frame, 16,384 each way; a larger one is not decoded
_BOUNDS = ("-max_streams", str(MAX_STREAMS), "-max_pixels", str(MAX_PIXELS))
_PLAIN = ("-format_whitelist", ",".join(FORMATS), "-protocol_whitelist", "file", *_BOUNDS)
_JPEG = ("-f", "jpeg_pipe")  # else its name may say that it is one of a numbered sequence of pictures
# Bytes that are looked at for what the header did not say, of files whose header names all streams. ffmpeg's own 5 MB,
# parsed twice, are half of the time that a video of a high rate takes to be repacked.
_HEADED = ("-probesize", "1000000")
_JOINED = ("-format_whitelist", ",".join(("concat", *FORMATS)), "-protocol_whitelist", "file", *_BOUNDS, "-f", "concat")
_OF_HLS = ("-format_whitelist", ",".join(("hls", *FORMATS)), "-protocol_whitelist", "file,crypto", *_BOUNDS)
_PLAYLIST = (*_OF_HLS, "-f", "hls")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInput:
    """One input of ffmpeg or ffprobe."""

    name: str  # an absolute path, or a playlist of ours in the child's working directory
    options: tuple[str, ...]
    reads: tuple[Path, ...]  # what it consists of: files, or directories of them

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands on the command line."""
        return (*self.options, "-i", self.name)


def plain(path: Path) -> MediaInput:
    """A media file."""
    return MediaInput(name=str(path.absolute()), options=(*_PLAIN, *_of_its_kind(path)), reads=(path.absolute(),))


def playlist(name: str, options: tuple[str, ...], files: Iterable[Path]) -> MediaInput:
    """A playlist of ours, which refers to staged `files` alone; `options` are `Ffmpeg.hls_options`."""
    directories = dict.fromkeys(file.absolute().parent for file in files)  # there may be thousands of segments
    return MediaInput(name=name, options=(*_PLAYLIST, *options), reads=tuple(directories))


def concatenation(name: str) -> MediaInput:
    """A list of ours of media files that we made, in the working directory."""
    return MediaInput(name=name, options=_JOINED, reads=())


def _of_its_kind(path: Path) -> tuple[str, ...]:
    with path.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(b"\xff\xd8\xff"):
        return _JPEG
    is_matroska, is_mp4 = head.startswith(b"\x1aE\xdf\xa3"), head[4:] == b"ftyp"
    return _HEADED if is_matroska or is_mp4 else ()
