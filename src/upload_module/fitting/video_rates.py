"""How a video is encoded to a number of bytes: size, frame rate and bit rates. Pure.

The figures were found with x264 (preset fast) on natural pictures and animation, in VMAF at the size of the source: at
a given rate the best of several sizes is the largest one that needs no quantizer above about 36, or 34 as a look with
constant quality foretells it (with 35, a picture of 1080p lost 18 against one of 720p; with 33.8, another gained 3).
720p30 gets there with about 0.03 bits a pixel; a pixel of a larger picture needs fewer, for bits grow with the area to
the power of 0.7 (the same exponent with which x264 scales the statistics of a first pass, ratecontrol.c), one of a
faster picture too.
"""

import math
from dataclasses import dataclass, replace

from upload_module.fitting.fit import FitRules
from upload_module.fitting.source_facts import Picture, Sound, SourceFacts

LADDER = (1080, 720, 540, 480, 360, 240)  # pixels of the short side
LOWEST = 360  # below it only what can't be done otherwise
BITS_A_PIXEL = 0.03  # that 720p30 needs
REFERENCE = 1280 * 720 * 30
AREA_POWER = 0.7
FPS_POWER = 0.6
TRANSPARENT = 0.1  # bits a pixel of 720p30 with which nobody sees a difference
SMOOTH = 45.0  # frames a second from which half of them do
QUALITY_POWER = 0.15
GOOD_QUANTIZER = 34.0
DOUBT = 4.0
WORST_QUANTIZER = 45.0
QUANTIZER_STEP = 6 / 1.1  # of the quantizer, for half the bits (x264: bits ~ step size to the power of -1.1)
# (bits a second in all, from which), (those of the sound, channels): about a tenth, for speech stays clear with little
SOUND_STEPS = (
    (1_200_000, 128_000, 2),
    (700_000, 96_000, 2),
    (400_000, 64_000, 2),
    (250_000, 48_000, 1),
)
EFFICIENT = ("h264", "hevc", "vp8", "vp9", "av1")
CONTAINER_BPS = 4_000  # of an mp4: tables for frames and sound


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundGoal:
    """How the sound is written."""

    bps: int
    channels: int
    copied: bool  # the source has no more than that


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoGoal:
    """How a video is written."""

    width: int  # pixels, even
    height: int
    fps: float
    halved: bool  # every other frame is left out
    video_bps: int
    sound: SoundGoal | None
    quality: float  # 0..1, a guess at VMAF / 100

    @property
    def says(self) -> str:
        """For people: `720p, 1.1 Mbit/s`."""
        short = min(self.width, self.height)
        rate = f"{self.video_bps / 1e6:.1f} Mbit/s" if self.video_bps >= 1e6 else f"{self.video_bps / 1e3:.0f} kbit/s"
        return f"{short}p, {rate}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """What a pass found."""

    seconds: float  # that it saw
    bps: float  # bits a second that it took
    quantizer: float  # on average
    pixels: int  # of its picture

    def quantizer_at(self, pixels: int, bps: float) -> float:
        """The quantizer with which a picture of so many pixels takes so many bits a second."""
        needed = self.bps * (pixels / self.pixels) ** AREA_POWER
        return self.quantizer + QUANTIZER_STEP * math.log2(needed / bps)


def video_goal(facts: SourceFacts, seconds: float, limit_bytes: float, rules: FitRules) -> VideoGoal | None:
    """How a video is written to take at most `limit_bytes`; None: not without falling below the rules.

    Args:
        facts: the source, with a picture.
        seconds: its length.
        limit_bytes: of the result.
        rules: the lowest rates.
    """
    assert facts.picture is not None
    total = limit_bytes * 8 / seconds - CONTAINER_BPS
    sound = sound_goal(facts.sound, total, rules) if facts.sound else None
    video_bps = int(total - (sound.bps if sound else 0))
    if video_bps < rules.min_video_bps:
        return None
    picture, source_bps = facts.picture, _source_bps(facts, seconds)
    full = _short_side(picture, picture.fps, video_bps, source_bps)
    short, fps = full, picture.fps
    if picture.fps > SMOOTH and full < min(720, picture.short_side):
        fps = picture.fps / 2
        short = _short_side(picture, fps, video_bps, source_bps)
    width, height = scaled(picture, short)
    return VideoGoal(
        width=width,
        height=height,
        fps=fps,
        halved=fps < picture.fps,
        video_bps=video_bps,
        sound=sound,
        quality=_quality(picture, video_bps, source_bps),
    )


def comfortable_bps(picture: Picture) -> int:
    """Bits a second, with sound, with which a picture is good at 480p."""
    pixels = math.prod(scaled(picture, 480))
    return int(_needed(pixels, min(picture.fps, 30), 1.5 * BITS_A_PIXEL)) + 64_000


def sound_goal(sound: Sound, total_bps: float, rules: FitRules) -> SoundGoal:
    """How the sound of a video is written when video and sound together have so many bits a second."""
    steps = (step for step in SOUND_STEPS if total_bps >= step[0])
    _, bps, channels = next(steps, (0, rules.min_audio_bps, 1))
    bps = max(bps, rules.min_audio_bps)
    if sound.codec == "aac" and sound.bps is not None and sound.bps <= bps * 1.1:
        return SoundGoal(bps=sound.bps, channels=sound.channels, copied=True)
    return SoundGoal(bps=bps, channels=min(channels, sound.channels), copied=False)


def refined(goal: VideoGoal, picture: Picture, found: Complexity) -> VideoGoal:
    """The same goal with the size that the picture really allows."""
    sizes = [scaled(picture, short) for short in _rungs(picture)]
    bearable = [size for size in sizes if min(size) >= LOWEST] or sizes[:1]

    def is_good(size: tuple[int, int]) -> bool:
        pixels = math.prod(size)
        doubt = DOUBT if pixels > found.pixels else 0.0  # edges and grain that were not seen yet
        return found.quantizer_at(pixels, goal.video_bps) <= GOOD_QUANTIZER - doubt

    width, height = next(filter(is_good, bearable), bearable[-1])
    if found.quantizer_at(width * height, goal.video_bps) > WORST_QUANTIZER:
        width, height = sizes[-1]
    return replace(goal, width=width, height=height)


def scaled(picture: Picture, short: int) -> tuple[int, int]:
    """Width and height, even, in the shape of the source, with a short side of so many pixels."""
    factor = min(1.0, short / picture.short_side)
    return _even(picture.width * factor), _even(picture.height * factor)


def _short_side(picture: Picture, fps: float, bps: float, source_bps: float | None) -> int:
    """The largest short side for which the bits suffice."""
    for short in (rung for rung in _rungs(picture) if rung >= LOWEST):
        pixels = math.prod(scaled(picture, short))
        needed = _needed(pixels, fps, BITS_A_PIXEL)
        if source_bps:
            share = (pixels / (picture.width * picture.height)) ** AREA_POWER * (fps / picture.fps) ** FPS_POWER
            needed = min(needed, 0.4 * source_bps * share)
        if needed <= bps:
            return short
    return min(LOWEST, picture.short_side)


def _source_bps(facts: SourceFacts, seconds: float) -> float | None:
    """What the source's picture takes, where that says something: what takes few bits there takes few here."""
    if facts.picture is None or facts.picture.codec not in EFFICIENT:
        return None
    sound = (facts.sound.bps or 128_000) if facts.sound else 0
    bps = facts.bytes * 8 / seconds - sound
    return bps if bps > 0 else None


def _needed(pixels: int, fps: float, bits_a_pixel: float) -> float:
    """Bits a second that a picture needs for a quality at which 720p30 needs so many bits a pixel."""
    return bits_a_pixel * REFERENCE * math.pow(pixels / (1280 * 720), AREA_POWER) * math.pow(fps / 30, FPS_POWER)


def _quality(picture: Picture, bps: int, source_bps: float | None) -> float:
    enough = _needed(math.prod(scaled(picture, LADDER[0])), picture.fps, TRANSPARENT)
    if source_bps:
        enough = min(enough, source_bps)
    return min(1.0, math.pow(bps / enough, QUALITY_POWER))


def _rungs(picture: Picture) -> list[int]:
    """Short sides to choose from: the source's own first, if it is not too large."""
    top = min(picture.short_side, LADDER[0])
    return [top, *(short for short in LADDER if short < 0.95 * top)]


def _even(pixels: float) -> int:
    return max(2, 2 * math.ceil(pixels / 2 - 0.5))
