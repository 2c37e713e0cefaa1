"""What is logged."""

from typing import Literal

from pydantic import Field

from core.settings.group import SettingsGroup


class LogSettings(SettingsGroup):
    """What is logged."""

    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="BOSS_BOT_LOG_LEVEL", description="The least level that is logged."
    )
    log_format: Literal["auto", "human", "json"] = Field(
        "auto",
        validation_alias="BOSS_BOT_LOG_FORMAT",
        description="`auto`: human on a terminal, JSON otherwise.",
    )
