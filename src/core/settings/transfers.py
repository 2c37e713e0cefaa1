"""How fast files are fetched."""

from pydantic import Field

from core.settings.group import Rate, SettingsGroup


class TransferSettings(SettingsGroup):
    """How fast files are fetched."""

    download_rate_limit: Rate = Field(
        0,
        validation_alias="DOWNLOAD_RATE_LIMIT",
        description="Bytes a second of all downloads together, such as `10M`; 0 is no limit.",
    )
    download_rate_limit_per_row: Rate = Field(
        0, validation_alias="DOWNLOAD_RATE_LIMIT_PER_ROW", description="The same for each download."
    )
    download_rate_schedule: str = Field(
        "",
        validation_alias="DOWNLOAD_RATE_SCHEDULE",
        description="Rates by local time, which go over DOWNLOAD_RATE_LIMIT: `22:00-06:00=0,06:00-22:00=2M`.",
    )
    connections_per_host: int = Field(
        64,
        validation_alias="CONNECTIONS_PER_HOST",
        ge=1,
        le=256,
        description="Connections to one host at once, over all downloads; one file takes up to 16.",
    )
    preempt_for_priority: bool = Field(
        False,
        validation_alias="PREEMPT_FOR_PRIORITY",
        description="Whether a download of higher priority takes the slot of a lower one, which goes on later.",
    )
