"""Login with Discord: OAuth2's code flow with state and PKCE. Only the two addresses of the settings are spoken to."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped, unused-ignore]  # it ships no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped, unused-ignore]  # as above
from loguru import logger

from core.errors import RequestRefused
from core.viewers import Seat

TIMEOUT = 10.0  # seconds
SCOPE = "identify guilds"
# Discord's ADMINISTRATOR and MANAGE_MESSAGES, as for the bot's own commands, https://discord.com/developers/docs/topics/permissions
MODERATES = 1 << 3 | 1 << 13


NOT_CONFIRMED = "Discord did not confirm the login. Try again."


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to come back, and what proves that it is we who began."""

    url: str  # where the browser goes
    state: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who Discord says that it is, and the guilds he is in."""

    id: int
    name: str
    seats: tuple[Seat, ...]


class DiscordLogin:
    """Speaks with Discord for one login at a time."""

    def __init__(self, *, client_id: str, client_secret: str, api_base: str) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._api_base = api_base.rstrip("/")
        parts = urlsplit(api_base)
        self._authorize_url = f"{parts.scheme}://{parts.netloc}/oauth2/authorize"

    def begin(self, back_url: str) -> Begun:
        """A login that comes back to `back_url`."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        url = prepare_grant_uri(
            self._authorize_url,
            self._client_id,
            "code",
            redirect_uri=back_url,
            scope=SCOPE,
            state=state,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(str(url), state, verifier)

    async def finish(self, code: str, verifier: str, back_url: str) -> Person:
        """Who came back with this code.

        Raises:
            RequestRefused: Discord refused, or did not answer.
        """
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back_url, "code_verifier": verifier}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                own = (self._client_id, self._client_secret)
                granted = await client.post(f"{self._api_base}/oauth2/token", data=asked, auth=own)
                client.headers["Authorization"] = f"Bearer {_json(granted)['access_token']}"
                user = _json(await client.get(f"{self._api_base}/users/@me"))
                guilds = _json(await client.get(f"{self._api_base}/users/@me/guilds"))
            return Person(
                id=int(user["id"]),
                name=str(user.get("global_name") or user["username"]),
                seats=tuple(_seat(guild) for guild in guilds),
            )
        except (httpx.HTTPError, AttributeError, KeyError, TypeError, ValueError) as error:
            logger.warning("Discord did not confirm a login: {!r}", error)
            raise RequestRefused(NOT_CONFIRMED) from error


def _json(answer: httpx.Response) -> Any:
    answer.raise_for_status()  # also of a redirect: nobody sends our secret elsewhere
    return answer.json()


def _seat(guild: Any) -> Seat:
    moderates = bool(guild.get("owner")) or bool(int(guild.get("permissions", 0)) & MODERATES)
    return Seat(id=int(guild["id"]), name=str(guild["name"]), moderates=moderates)
