"""How single sites are read."""

from pathlib import Path

from pydantic import Field

from core.settings.group import SettingsGroup


class SiteSettings(SettingsGroup):
    """How single sites are read."""

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
