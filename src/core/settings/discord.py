"""What the bot needs to speak to Discord."""

from pydantic import Field, SecretStr

from core.settings.group import SettingsGroup


class DiscordSettings(SettingsGroup):
    """What the bot needs to speak to Discord."""

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
