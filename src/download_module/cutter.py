"""Cuts a stretch out of media, to the frame.

Without encoding anything where the stretch begins and ends between groups of pictures that stand for themselves, or
where there is only sound; else the picture is encoded again, and the sound is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from core.errors import MediaNotFound
from core.ffmpeg_run import ENCODE_TIMEOUT
from core.media_probe import ask
from download_module.media_tags import tag_arguments
from download_module.muxer import Muxer, Source, output_arguments

# The cut is promised to 0.05 s; a packet of sound, which is never divided, takes up to 0.025 of it.
NEAR = 0.02
NEAR_END = 0.045
AHEAD = 2.0  # seconds of packets that are looked at
ACTIVITY = "cutting"
KEEPS_H264 = (".mp4", ".m4v", ".mov", ".mkv")
# Constant quality that nobody tells from the source, times to 1/90000 s so that frames of any distance stay in place.
ENCODE = (
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"),
    *("-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-fps_mode:v", "vfr", "-enc_time_base:v", "1:90000"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is kept, in seconds after the first input begins."""

    start: float
    end: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    pts: float
    dts: float
    end: float
    key: bool


async def cut(muxer: Muxer, sources: Sequence[Source], stretch: Stretch, target: Path, tags: Path | None) -> Path:
    """Cut; the file that was made, which is `target`, or an mp4 beside it where that can't hold what is encoded.

    Args:
        muxer: runs ffmpeg.
        sources: one file, or one of video and one of sound.
        stretch: what is kept.
        target: where to.
        tags: see `media_tags`.

    Raises:
        MediaNotFound: the media ends before the stretch begins.
        ChecksumMismatch: the media is not readable.
        DiskFull: there is no room.
    """
    longest = max((s.offset + s.facts.duration_seconds for s in sources if s.facts.duration_seconds), default=None)
    if longest is not None and stretch.start >= longest:
        raise MediaNotFound("The clip begins after the end of this media.")
    last = min((at for at in (longest, stretch.end) if at is not None), default=None)
    video = next((source for source in sources if source.facts.has_video and not muxer.sound_only), None)
    copied = await _between_groups(video, stretch, longest) if video else Stretch(start=stretch.start, end=stretch.end)
    target, codecs = _codecs(target, again=copied is None)
    start = copied.start if copied else stretch.start
    inputs = [word for source in sources for word in _sought(source, start)]
    more, tagged = tag_arguments(tags, len(sources)) if tags else ((), ())
    length = ["-t", f"{stretch.end - start:.6f}"] if stretch.end is not None else []
    if video and copied and copied.end is not None:
        codecs = (*codecs, "-bsf:v", f"noise=drop=gte(dts*tb\\,{copied.end - start:.6f})")
    await muxer.ffmpeg.run(
        [
            *(*inputs, *more, *muxer.selection(sources), *tagged, *length),
            *(*codecs, "-copypriorss", "0", *output_arguments(target)),
        ],
        activity=ACTIVITY,
        reads=[path for source in sources for path in source.media.reads],
        writes=(muxer.work, target.parent),
        seconds=last - start if last is not None else None,
        report=muxer.report,
        cwd=muxer.work,
        timeout=None if copied else ENCODE_TIMEOUT,
    )
    return target


def _codecs(target: Path, *, again: bool) -> tuple[Path, tuple[str, ...]]:
    """How a file is written, with the picture encoded `again` or not, and what it is called then."""
    if not again and target.suffix == ".flac":  # a copy would keep the length and the checksum of the whole
        return target, ("-c", "flac")
    if not again:
        return target, ("-c", "copy")
    if target.suffix in KEEPS_H264:
        return target, (*ENCODE, "-c:a", "copy")
    return target.with_suffix(".mp4"), (*ENCODE, "-c:a", "aac", "-b:a", "160k")


def _sought(source: Source, start: float) -> list[str]:
    """An input from a moment on; one that begins later is delayed."""
    at = start - source.offset
    return [*(("-ss", f"{at:.6f}") if at >= 0 else ("-itsoffset", f"{-at:.6f}")), *source.media.arguments]


async def _between_groups(video: Source, stretch: Stretch, longest: float | None) -> Stretch | None:
    """The stretch that can be copied, if it is near enough to the one that is wanted; its end is a decoding time.

    Frames are decoded in another order than they are shown: the end is where all that was decoded has been shown
    before all that was not.
    """
    zero = video.facts.start_seconds - video.offset
    first = stretch.start + zero
    keys = [p for p in await _packets(video, first, first + NEAR) if p.key and abs(p.pts - first) <= NEAR]
    if not keys:
        return None
    start = max(0.0, keys[0].pts - zero - 0.001)  # just before it: what is sought is never behind
    if stretch.end is None or (longest is not None and stretch.end >= longest - NEAR_END):
        return Stretch(start=start, end=None)
    last = stretch.end + zero
    packets = await _packets(video, last - 2 * NEAR_END, last + AHEAD)
    ends = list(accumulate((packet.end for packet in packets), max))  # when what was decoded so far has been shown
    begins = list(accumulate((packet.pts for packet in reversed(packets)), min))[::-1]  # when the rest is shown
    best = NEAR_END
    stop: float | None = None
    for position in range(1, len(packets)):
        shown = ends[position - 1]
        off = max(abs(shown - last), abs(shown - keys[0].pts - (last - first)))
        if off <= best and begins[position] > shown - 0.001:
            best, stop = off, (packets[position - 1].dts + packets[position].dts) / 2
    return Stretch(start=start, end=stop - zero) if stop is not None else None


async def _packets(video: Source, start: float, end: float) -> list[_Packet]:
    """Packets of the picture from the last key frame before `start`, in decoding order, in its own time."""
    said = await ask(
        video.media,
        *("-select_streams", "V:0", "-read_intervals", f"{start:.6f}%{end:.6f}"),
        *("-show_entries", "packet=pts_time,dts_time,duration_time,flags"),
    )
    try:
        return [
            _Packet(
                pts=float(packet["pts_time"]),
                dts=float(packet["dts_time"]),
                end=float(packet["pts_time"]) + float(packet["duration_time"]),
                key=packet["flags"].startswith("K"),
            )
            for packet in said.get("packets", ())
        ]
    except KeyError:  # a container that does not tell: nothing can be said of it
        return []
