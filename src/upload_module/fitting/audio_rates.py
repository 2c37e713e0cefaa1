"""How sound alone is encoded to a number of bytes. Pure.

Opus is transparent to most ears at 128 kbit/s and clear for speech at 32 (RFC 6716, and the listening tests at
opus-codec.org/comparison); AAC plays on everything, and is as good where bits abound.
"""

from dataclasses import dataclass

from upload_module.fitting.fit import FitRules

AIM = 0.96  # of the limit
FILE_BYTES = 8192
BEST_BPS = 192_000  # more is not heard
AAC_FROM = 160_000
STEREO_FROM = 48_000
GOOD_BPS = 64_000  # of the parts of what is too long
TRANSPARENT_BPS = 128_000
QUALITY_POWER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioGoal:
    """How sound is written."""

    codec: str  # ffmpeg's encoder
    suffix: str
    bps: int
    channels: int

    @property
    def says(self) -> str:
        """For people: `Opus, 96 kbit/s`."""
        name = "AAC" if self.codec == "aac" else "Opus"
        return f"{name}, {self.bps // 1000} kbit/s{', mono' if self.channels == 1 else ''}"

    @property
    def quality(self) -> float:
        """0..1, a guess."""
        return min(1.0, float((self.bps / TRANSPARENT_BPS) ** QUALITY_POWER))


def audio_goal(
    seconds: float, channels: int, limit_bytes: int, rules: FitRules, *, source_bps: float | None = None
) -> AudioGoal | None:
    """How sound is written to take at most `limit_bytes`; None: not without falling below the rules.

    Args:
        seconds: its length.
        channels: of the source.
        limit_bytes: of the result.
        rules: the lowest rate.
        source_bps: of the source, where it is compressed with loss: more than that brings nothing back.
    """
    room = int((limit_bytes * AIM - FILE_BYTES) * 8 / seconds)
    if room < rules.min_audio_bps:
        return None
    bps = min(room, BEST_BPS)
    if source_bps:
        bps = min(bps, max(int(source_bps), rules.min_audio_bps))
    if bps >= AAC_FROM:
        return AudioGoal(codec="aac", suffix=".m4a", bps=bps, channels=min(channels, 2))
    return AudioGoal(codec="libopus", suffix=".ogg", bps=bps, channels=min(channels, 2 if bps >= STEREO_FROM else 1))
