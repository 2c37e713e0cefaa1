"""Where files go, and what is looked at before."""

from typing import Literal

from pydantic import Field, SecretStr

from core.settings.group import SettingsGroup


class DeliverySettings(SettingsGroup):
    """Where files go, and what is looked at before."""

    upload_limit_mb: int = Field(
        20,
        validation_alias="UPLOAD_LIMIT_MB",
        ge=1,
        description="MiB a file, where Discord named no limit yet.",
    )
    upload_batch_size_mb: int = Field(
        25, validation_alias="UPLOAD_BATCH_SIZE_MB", ge=1, description="MiB a message with several files."
    )
    upload_max_files_per_batch: int = Field(
        10, validation_alias="UPLOAD_MAX_FILES_PER_BATCH", ge=1, le=10, description="Files a message."
    )
    upload_cleanup_after_success: bool = Field(
        True,
        validation_alias="UPLOAD_CLEANUP_AFTER_SUCCESS",
        description="Remove files once they are delivered.",
    )
    s3_endpoint_url: str | None = Field(
        None,
        validation_alias="S3_ENDPOINT_URL",
        description="An S3-compatible store for downloads with `to=s3://bucket/prefix`. Default: Amazon's.",
    )
    s3_access_key_id: str | None = Field(
        None, validation_alias="S3_ACCESS_KEY_ID", description="Its key; without one nothing goes there."
    )
    s3_secret_access_key: SecretStr | None = Field(
        None, validation_alias="S3_SECRET_ACCESS_KEY", description="The secret of the key."
    )
    s3_region: str | None = Field(None, validation_alias="S3_REGION", description="Where the buckets are.")
    s3_link_expiry_hours: int = Field(
        168,
        validation_alias="S3_LINK_EXPIRY_HOURS",
        ge=1,
        le=168,
        description="Hours that a link to a stored file works.",
    )
    delivery_links: str | None = Field(
        None,
        validation_alias="DELIVERY_LINKS",
        description="Where files go that can't be made to fit a channel: `web` for the web page, or "
        "`s3://bucket/folder`. A link is posted instead. Without it they are kept.",
    )
    clamav_socket: str | None = Field(
        None,
        validation_alias="CLAMAV_SOCKET",
        description="Where clamd listens: the path of its socket, or `host:port`. With one, each file is scanned "
        "before it is delivered.",
    )
    clamav_when_gone: Literal["hold", "pass"] = Field(
        "hold",
        validation_alias="CLAMAV_WHEN_GONE",
        description="What happens to files that clamd can't scan, because it is gone or they are larger than its "
        "`StreamMaxLength`: `hold` keeps them waiting, `pass` delivers them with a warning in the log.",
    )
