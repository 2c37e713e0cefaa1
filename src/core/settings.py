"""All settings, read once at the entry points from the environment and `.env`, handed down as plain values."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import ConfigurationError
from core.host_list import NOTHING, HostList, parse_hosts
from core.rates import parse_rate

Hosts = Annotated[
    HostList, NoDecode, BeforeValidator(lambda value: parse_hosts(value) if isinstance(value, str) else value)
]
Rate = Annotated[int, BeforeValidator(parse_rate)]  # bytes a second
MIB = 1024 * 1024


class Settings(BaseSettings):
    """Each field is one environment variable; its description is what the README says of it."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=False
    )

    # Discord
    discord_token: SecretStr | None = Field(
        None,
        validation_alias="BOSS_BOT_DISCORD_TOKEN",
        description="The bot's token. Without one only runners start.",
    )
    command_prefix: str = Field(
        "$",
        validation_alias="BOSS_BOT_COMMAND_PREFIX",
        min_length=1,
        description="Before commands in messages.",
    )
    start_runners: bool = Field(
        True,
        validation_alias="BOSS_BOT_START_RUNNERS",
        description="Whether the bot starts and watches both runners.",
    )
    discord_api_base: str = Field(
        "https://discord.com/api/v10",
        validation_alias="DISCORD_API_BASE",
        description="Discord's REST API: a proxy or a test server.",
    )
    discord_gateway_url: str = Field(
        "wss://gateway.discord.gg/", validation_alias="DISCORD_GATEWAY_URL", description="Discord's gateway."
    )
    progress_edit_interval: float = Field(
        5.0,
        validation_alias="PROGRESS_EDIT_INTERVAL",
        gt=0,
        description="Seconds between two edits of a progress message while nothing but numbers change.",
    )

    command_cooldowns: bool = Field(
        True,
        validation_alias="COMMAND_COOLDOWNS",
        description="Whether members have to wait between commands, such as 10 s between two downloads.",
    )

    # Database and files
    database_url: str = Field(
        "sqlite+aiosqlite:///data/boss-bot.db",
        validation_alias="BOSS_BOT_DATABASE_URL",
        description="A SQLite file, or `postgresql+asyncpg://...`.",
    )
    data_dir: Path = Field(
        Path("data"), validation_alias="BOSS_BOT_DATA_DIR", description="Locks and logs of the runners."
    )
    download_dir: Path = Field(
        Path("downloads"), validation_alias="DOWNLOAD_DIR", description="Where files are fetched to."
    )
    delivery_dir: Path | None = Field(
        None,
        validation_alias="DELIVERY_DIR",
        description="The destination `folder`. Default: `delivered` below `DOWNLOAD_DIR`.",
    )

    # Queue
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

    # Stages
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

    # Transfers
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

    # Sites
    sites_file: Path | None = Field(
        None,
        validation_alias="SITES_FILE",
        description="Cookies, proxies, rates and options for single sites; see `sites.example.toml`. Default: "
        "`sites.toml`, where there is one.",
    )
    twitter_use_api_client: bool = Field(
        True,
        validation_alias="TWITTER_USE_API_CLIENT",
        description="Read Twitter/X by the library, which is the fast way; `false`: by its command-line program.",
    )
    reddit_use_api_client: bool = Field(
        True, validation_alias="REDDIT_USE_API_CLIENT", description="The same for Reddit."
    )
    instagram_use_api_client: bool = Field(
        True, validation_alias="INSTAGRAM_USE_API_CLIENT", description="The same for Instagram."
    )
    youtube_use_api_client: bool = Field(
        True, validation_alias="YOUTUBE_USE_API_CLIENT", description="The same for YouTube."
    )
    download_api_fallback_to_cli: bool = Field(
        True,
        validation_alias="DOWNLOAD_API_FALLBACK_TO_CLI",
        description="Whether the other of the two is tried when one fails with a fault of its own.",
    )
    gallery_dl_config_file: Path | None = Field(
        None,
        validation_alias="GALLERY_DL_CONFIG_FILE",
        description="gallery-dl's own configuration, in JSON. What would run programs, read browsers or write files is "
        "left out of it.",
    )
    gallery_dl_cookies_file: Path | None = Field(
        None,
        validation_alias="GALLERY_DL_COOKIES_FILE",
        description="A Netscape cookie file for all sites that have none in `SITES_FILE`.",
    )
    gallery_dl_user_agent: str | None = Field(
        None, validation_alias="GALLERY_DL_USER_AGENT", description="The user agent of gallery-dl. Default: its own."
    )

    # Delivery
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
        description="Where files go that can't be made to fit a channel, such as `s3://bucket/folder`: a link is "
        "posted instead. Without it they are kept.",
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

    # Fitting
    compression_max_concurrent: int = Field(
        1,
        validation_alias="COMPRESSION_MAX_CONCURRENT",
        ge=1,
        le=16,
        description="Files that are compressed at once; a video takes all cores for itself.",
    )
    compression_ffmpeg_preset: Literal["veryfast", "faster", "fast", "medium", "slow"] = Field(
        "fast",
        validation_alias="COMPRESSION_FFMPEG_PRESET",
        description="x264's preset: `slow` looks a little better than `fast` and takes 1.4 times as long.",
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

    # Logs
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="BOSS_BOT_LOG_LEVEL", description="The least level that is logged."
    )
    log_format: Literal["auto", "human", "json"] = Field(
        "auto",
        validation_alias="BOSS_BOT_LOG_FORMAT",
        description="`auto`: human on a terminal, JSON otherwise.",
    )

    @property
    def delivery_path(self) -> Path:
        """The directory of the destination `folder`."""
        return self.delivery_dir or self.download_dir / "delivered"

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
