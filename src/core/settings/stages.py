"""Stages 1 and 2, and what they may reach."""

from pathlib import Path

from pydantic import Field, SecretStr

from core.host_list import NOTHING
from core.settings.group import Hosts, SettingsGroup


class StageSettings(SettingsGroup):
    """Stages 1 and 2, and what they may reach."""

    aria2_rpc_url: str | None = Field(
        None,
        validation_alias="ARIA2C_RPC_URL",
        description="An aria2c to share, such as http://localhost:6800/jsonrpc. Without it the runner starts its own.",
    )
    aria2_rpc_secret: SecretStr | None = Field(
        None, validation_alias="ARIA2C_RPC_SECRET", description="The `--rpc-secret` of the shared aria2c."
    )
    max_retries: int = Field(
        5, validation_alias="MAX_DOWNLOAD_RETRIES", ge=0, description="Further tries after a passing error."
    )
    retry_base_delay: float = Field(
        30.0,
        validation_alias="RETRY_BASE_DELAY",
        ge=0,
        description="Seconds; doubles with each try, with jitter.",
    )
    retry_max_delay: float = Field(
        3600.0, validation_alias="RETRY_MAX_DELAY", ge=0, description="Seconds; no wait is longer."
    )
    extract_timeout: float = Field(
        120.0, validation_alias="EXTRACT_TIMEOUT", gt=0, description="Seconds that an extractor may take."
    )
    extract_memory_mb: int = Field(
        768,
        validation_alias="EXTRACT_MEMORY_MB",
        ge=128,
        description="MiB of memory that an extractor may take.",
    )
    extract_concurrency: int = Field(
        3,
        validation_alias="EXTRACT_CONCURRENCY",
        ge=1,
        le=32,
        description="Extractor processes of a kind (yt-dlp, gallery-dl) at once.",
    )
    extract_idle_seconds: float = Field(
        600.0,
        validation_alias="EXTRACT_IDLE_SECONDS",
        ge=0,
        description="Seconds after which an extractor process that has nothing to do ends.",
    )
    playwright_enabled: bool = Field(
        True,
        validation_alias="PLAYWRIGHT_ENABLED",
        description="Whether pages that nothing else can read are opened in a browser.",
    )
    chromium: Path | None = Field(
        None, validation_alias="CHROMIUM", description="The browser's program. Default: the first that is found."
    )
    browser_timeout: float = Field(
        30.0, validation_alias="BROWSER_TIMEOUT", gt=0, description="Seconds that a page may take in the browser."
    )
    browser_memory_mb: int = Field(
        768,
        validation_alias="BROWSER_MEMORY_MB",
        ge=400,
        description="MiB of memory that the browser may hold; it takes about 270 before any page.",
    )
    max_playlist_items: int = Field(
        50,
        validation_alias="MAX_PLAYLIST_ITEMS",
        ge=1,
        le=5000,
        description="Entries of a playlist or channel that become downloads; the rest is left out.",
    )
    max_gallery_items: int = Field(
        200,
        validation_alias="MAX_GALLERY_ITEMS",
        ge=1,
        le=5000,
        description="Files of one album, thread or user's page; the rest is left out.",
    )
    max_live_minutes: int = Field(
        60,
        validation_alias="MAX_LIVE_MINUTES",
        ge=1,
        le=720,
        description="Minutes of a live stream that are recorded at most, where recording was asked for.",
    )
    max_download_size_mb: int = Field(
        10_240, validation_alias="MAX_DOWNLOAD_SIZE_MB", ge=1, description="MiB; larger media is refused."
    )
    egress_allow: Hosts = Field(
        NOTHING,
        validation_alias="EGRESS_ALLOW",
        description="Networks and hosts that may be reached although they are private: "
        "`192.168.1.0/24,media.lan,*.example.org`.",
    )
    egress_deny: Hosts = Field(
        NOTHING,
        validation_alias="EGRESS_DENY",
        description="The same for what may not be reached although it is public. It wins over EGRESS_ALLOW.",
    )
    egress_proxy: SecretStr | None = Field(
        None,
        validation_alias="EGRESS_PROXY",
        description="A proxy through which all downloads go: `http://host:port` or `socks5://user:password@host:port`.",
    )
    torrents_for_members: bool = Field(
        False,
        validation_alias="TORRENTS_FOR_MEMBERS",
        description="Whether members on Discord may ask for torrents. The host's address is then seen by peers.",
    )
