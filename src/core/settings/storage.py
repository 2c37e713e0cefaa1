"""What is kept, for how long, and how much room it may take."""

from pydantic import Field

from core.settings.group import SettingsGroup, Size


class StorageSettings(SettingsGroup):
    """What is kept, for how long, and how much room it may take."""

    storage_min_free: Size = Field(
        1024**3,
        validation_alias="STORAGE_MIN_FREE",
        description="Bytes of DOWNLOAD_DIR's disk that are kept free, such as `500M` or `2G`: downloads wait when "
        "there is less. 0: none.",
    )

    retention_delivered_hours: float = Field(
        24.0,
        validation_alias="RETENTION_DELIVERED_HOURS",
        ge=0,
        description="Hours that files stay after their delivery, where UPLOAD_CLEANUP_AFTER_SUCCESS leaves them; "
        "here and below 0 is for ever.",
    )
    retention_failed_hours: float = Field(
        6.0,
        validation_alias="RETENTION_FAILED_HOURS",
        ge=0,
        description="The same for what a failed download had fetched: a retry within this time goes on from there.",
    )
    retention_undelivered_hours: float = Field(
        72.0,
        validation_alias="RETENTION_UNDELIVERED_HOURS",
        ge=0,
        description="The same for files that were fetched and could not be delivered, from the failure on.",
    )
    retention_kept_hours: float = Field(
        0.0,
        validation_alias="RETENTION_KEPT_HOURS",
        ge=0,
        description="The same for files that were to be kept, not delivered.",
    )
    storage_max: Size = Field(
        0,
        validation_alias="STORAGE_MAX",
        description="Bytes that finished files may take in DOWNLOAD_DIR, such as `50G`; 0 is no limit. Members are "
        "refused above it.",
    )
    guild_daily_quota: Size = Field(
        0,
        validation_alias="GUILD_DAILY_QUOTA",
        description="Bytes that may be fetched for one server within 24 hours, such as `20G`; 0 is no limit.",
    )
    member_daily_quota: Size = Field(
        0, validation_alias="MEMBER_DAILY_QUOTA", description="The same for one member, on all servers together."
    )
    duplicate_days: float = Field(
        7.0,
        validation_alias="DUPLICATE_DAYS",
        ge=0,
        description="Days in which media that was posted in a server already is answered with a link to its message; "
        "0 is never.",
    )
