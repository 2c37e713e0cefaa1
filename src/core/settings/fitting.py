"""How files are made to fit."""

from typing import Literal

from pydantic import Field

from core.settings.group import SettingsGroup


class FittingSettings(SettingsGroup):
    """How files are made to fit."""

    compression_max_concurrent: int = Field(
        1,
        validation_alias="COMPRESSION_MAX_CONCURRENT",
        ge=1,
        le=16,
        description="Files that are compressed at once; a video takes all cores for itself.",
    )
    compression_ffmpeg_preset: Literal["veryfast", "faster", "fast", "medium", "slow"] = Field(
        "veryfast",
        validation_alias="COMPRESSION_FFMPEG_PRESET",
        description="x264's preset: `faster` gains 1 to 4 VMAF over `veryfast` and takes 1.3 to 1.6 times as long.",
    )
    compression_min_video_bitrate_kbps: int = Field(
        125,
        validation_alias="COMPRESSION_MIN_VIDEO_BITRATE_KBPS",
        ge=16,
        description="kbit/s; a video that would get less is split instead.",
    )
    compression_min_audio_bitrate_kbps: int = Field(
        32, validation_alias="COMPRESSION_MIN_AUDIO_BITRATE_KBPS", ge=8, description="The same for sound."
    )
    compression_image_min_quality: int = Field(
        10,
        validation_alias="COMPRESSION_IMAGE_MIN_QUALITY",
        ge=1,
        le=100,
        description="Of pictures, 1 to 100; below it they are made smaller in pixels.",
    )
    compression_allow_av1: bool = Field(
        False,
        validation_alias="COMPRESSION_ALLOW_AV1",
        description="Whether videos may become AV1, which looks better and which some phones can't play.",
    )
    compression_niceness: int = Field(
        10,
        validation_alias="COMPRESSION_NICENESS",
        ge=0,
        le=19,
        description="How much compressing steps back behind other programs.",
    )
    compression_timeout: float = Field(
        3600.0, validation_alias="COMPRESSION_TIMEOUT", gt=0, description="Seconds that one file may take."
    )
