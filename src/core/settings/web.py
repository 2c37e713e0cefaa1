"""The web page."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from core.settings.group import SettingsGroup

SHORTEST_TOKEN = 16  # characters


def _listed(value: object) -> object:
    return tuple(one for one in value.replace(",", " ").split()) if isinstance(value, str) else value


def _long_enough(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < SHORTEST_TOKEN:
        raise ValueError(f"needs {SHORTEST_TOKEN} characters or more, such as `openssl rand -hex 24` prints")
    return value


def _address(value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise ValueError("begins with https:// or http://")
    return value.rstrip("/") if value else value


Numbers = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class WebSettings(SettingsGroup):
    """The web page."""

    web_enabled: bool = Field(
        False,
        validation_alias="WEB_ENABLED",
        description="Whether the bot starts the web page, also where others start the runners.",
    )
    web_host: str = Field(
        "127.0.0.1",
        validation_alias="WEB_HOST",
        description="The address that the web page listens at. Any but this machine's own needs a login: "
        "`WEB_ADMIN_TOKEN` or `DISCORD_CLIENT_ID`.",
    )
    web_port: int = Field(8080, validation_alias="WEB_PORT", ge=0, le=65535, description="Its port.")
    web_public_url: Annotated[str | None, AfterValidator(_address)] = Field(
        None,
        validation_alias="WEB_PUBLIC_URL",
        description="Where people reach the web page, such as `https://media.example.org`. Links to files and the way "
        "back from Discord's login begin with it.",
    )
    web_allowed_hosts: Names = Field(
        (),
        validation_alias="WEB_ALLOWED_HOSTS",
        description="Names and addresses under which the web page answers, beside this machine's own, `WEB_HOST` and "
        "that of `WEB_PUBLIC_URL`. With `WEB_HOST=0.0.0.0` name the address that people type.",
    )
    web_admin_token: Annotated[SecretStr | None, AfterValidator(_long_enough)] = Field(
        None,
        validation_alias="WEB_ADMIN_TOKEN",
        description="Who knows it, may log in at the web page as its owner. Without any login, a token that works once "
        "is printed on the terminal, or written to `web-token` in the data directory.",
    )
    web_owners: Numbers = Field(
        (),
        validation_alias="WEB_OWNERS",
        description="The ids of those on Discord who see and do everything at the web page.",
    )
    web_session_hours: int = Field(
        12,
        validation_alias="WEB_SESSION_HOURS",
        ge=1,
        le=720,
        description="Hours until one has to log in again; until then holds what Discord said of his servers and roles.",
    )
    web_link_hours: int = Field(
        72,
        validation_alias="WEB_LINK_HOURS",
        ge=1,
        le=8760,
        description="Hours that a link to a file works, when nobody says otherwise.",
    )
    web_link_max_hours: int = Field(
        720,
        validation_alias="WEB_LINK_MAX_HOURS",
        ge=1,
        le=8760,
        description="Hours that a member may let a link work; its file stays for as long. The owner may take a year.",
    )
    discord_client_id: str | None = Field(
        None,
        validation_alias="DISCORD_CLIENT_ID",
        description="The application's id: members log in at the web page with Discord, and have the limits of their "
        "roles. Its redirect is `WEB_PUBLIC_URL` with `/login/discord/back`.",
    )
    discord_client_secret: SecretStr | None = Field(
        None, validation_alias="DISCORD_CLIENT_SECRET", description="The application's secret for that."
    )
