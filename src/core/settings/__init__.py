"""All settings, read once at the entry points from the environment and `.env`, handed down as plain values."""

from pathlib import Path

from pydantic import ValidationError

from core.errors import ConfigurationError
from core.settings.delivery import DeliverySettings
from core.settings.discord import DiscordSettings
from core.settings.figures import FigureSettings
from core.settings.files import FileSettings
from core.settings.fitting import FittingSettings
from core.settings.logs import LogSettings
from core.settings.queue import QueueSettings
from core.settings.sites import SiteSettings
from core.settings.stages import StageSettings
from core.settings.storage import StorageSettings
from core.settings.transfers import TransferSettings
from core.settings.web import WebSettings

MIB = 1024 * 1024


class Settings(
    # The last comes first where settings are listed.
    LogSettings,
    WebSettings,
    FigureSettings,
    FittingSettings,
    DeliverySettings,
    SiteSettings,
    TransferSettings,
    StageSettings,
    QueueSettings,
    StorageSettings,
    FileSettings,
    DiscordSettings,
):
    """All groups together."""

    @property
    def delivery_path(self) -> Path:
        """The directory of the destination `folder`."""
        return self.delivery_dir or self.download_dir / "delivered"

    @property
    def database_backup_path(self) -> Path:
        """The directory of the backups."""
        return self.database_backup_dir or self.data_dir / "backups"

    @property
    def lock_dir(self) -> Path:
        """Where runners hold the locks that prove them alive."""
        return self.data_dir / "locks"


def variable_of(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    alias = Settings.model_fields[field].validation_alias
    assert isinstance(alias, str), f"{field} names one variable"
    return alias


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        ConfigurationError: a value is not valid; the sentence names the variable.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # pydantic fills the fields from the environment
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"A setting is not valid. {faults}. The README lists all settings.") from None
