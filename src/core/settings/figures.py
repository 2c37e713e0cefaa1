"""Figures, alerts and the health of sites."""

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from core.rates import parse_rate
from core.settings.group import SettingsGroup

Links = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(lambda value: tuple(value.split()) if isinstance(value, str) else value)
]
Bytes = Annotated[int, BeforeValidator(parse_rate)]


class FigureSettings(SettingsGroup):
    """Figures, alerts and the health of sites."""

    site_failures: int = Field(
        5,
        validation_alias="SITE_FAILURES",
        ge=0,
        description="Downloads of one site, of at least two members, that must fail before it is left alone for a "
        "while (twice as many where one member alone uses it); 0 leaves none alone.",
    )
    site_failure_rate: float = Field(
        0.8,
        validation_alias="SITE_FAILURE_RATE",
        gt=0,
        le=1,
        description="The share of a site's downloads that must fail for that, within SITE_FAILURE_WINDOW.",
    )
    site_failure_window: float = Field(
        1800.0, validation_alias="SITE_FAILURE_WINDOW", gt=0, description="Seconds that are looked back for that."
    )
    site_pause: float = Field(
        300.0,
        validation_alias="SITE_PAUSE",
        gt=0,
        description="Seconds until one download tries such a site again; doubles with each that fails, up to an hour.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        validation_alias="METRICS_TOKEN",
        description="What asks for `/metrics` or `/health` from another machine must send as bearer token. Without one "
        "only this machine may ask.",
    )
    metrics_sites: int = Field(
        20,
        validation_alias="METRICS_SITES",
        ge=1,
        le=200,
        description="Sites with metrics of their own; the most used.",
    )
    alert_channel: int | None = Field(
        None, validation_alias="ALERT_CHANNEL", gt=0, description="The id of a Discord channel that the bot warns in."
    )
    alert_webhook_url: SecretStr | None = Field(
        None,
        validation_alias="ALERT_WEBHOOK_URL",
        description="A webhook of Discord that warnings go to, also when the bot is not connected.",
    )
    alert_error_rate: float = Field(
        0.5,
        validation_alias="ALERT_ERROR_RATE",
        ge=0,
        le=1,
        description="Warn when so large a share of the last hour's downloads failed (ten at least); 0 never does.",
    )
    alert_free_space: Bytes = Field(
        2 * 1024**3,
        validation_alias="ALERT_FREE_SPACE",
        description="Warn when less is free where downloads go, such as `2G`; 0 never does.",
    )
    alert_queue_length: int = Field(
        200, validation_alias="ALERT_QUEUE_LENGTH", ge=0, description="Warn when more downloads wait; 0 never does."
    )
    alert_queue_wait: float = Field(
        3600.0,
        validation_alias="ALERT_QUEUE_WAIT",
        ge=0,
        description="Warn when one that could begin has waited for more seconds; 0 never does.",
    )
    alert_library_days: int = Field(
        60,
        validation_alias="ALERT_LIBRARY_DAYS",
        ge=0,
        description="Warn when the release of yt-dlp is older, in days: sites change. 0 never does.",
    )
    alert_backup_hours: float = Field(
        72.0,
        validation_alias="ALERT_BACKUP_HOURS",
        ge=0,
        description="Warn when the last backup of the database is older, where backups are made; 0 never does.",
    )
    update_canaries: Links = Field(
        (),
        validation_alias="UPDATE_CANARIES",
        description="Links, separated by spaces, that must still be read after `bossbotctl update`, or it is undone.",
    )
