"""How much is done at once, and how runners tell that they live."""

from pydantic import Field

from core.settings.group import SettingsGroup


class QueueSettings(SettingsGroup):
    """How much is done at once, and how runners tell that they live."""

    max_concurrent_downloads: int = Field(
        5,
        validation_alias="BOSS_BOT_MAX_CONCURRENT_DOWNLOADS",
        ge=1,
        le=100,
        description="Downloads at once; 1 means strictly one after the other.",
    )
    max_queue_size: int = Field(
        50, validation_alias="BOSS_BOT_MAX_QUEUE_SIZE", ge=1, description="Downloads that may wait at once."
    )
    max_concurrent_uploads: int = Field(
        2, validation_alias="MAX_CONCURRENT_UPLOADS", ge=1, le=20, description="Deliveries at once."
    )
    poll_interval: float = Field(
        1.0,
        validation_alias="DOWNLOAD_POLL_INTERVAL",
        gt=0,
        description="Seconds between looks at the table when nothing else wakes a runner.",
    )
    heartbeat_interval: float = Field(
        2.0,
        validation_alias="HEARTBEAT_INTERVAL",
        gt=0,
        description="Seconds between signs of life of a runner.",
    )
    lease: float = Field(
        15.0,
        validation_alias="CLAIM_LEASE",
        gt=0,
        description="Seconds without a sign of life after which a runner's rows are given to others.",
    )
