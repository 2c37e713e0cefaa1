"""Login with Discord: OAuth2's code flow with state and PKCE. Only the two addresses of the settings are spoken to."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped, unused-ignore]  # it ships no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped, unused-ignore]  # as above
from loguru import logger

from core.errors import RequestRefused
from core.viewers import Seat
from web.discord_roles import with_roles

TIMEOUT = 10.0  # seconds
SCOPE = "identify guilds guilds.members.read"
# Discord's ADMINISTRATOR with MANAGE_MESSAGES and with MANAGE_GUILD, as for the bot's own commands,
# https://discord.com/developers/docs/topics/permissions
MODERATES = 1 << 3 | 1 << 13
MANAGES = 1 << 3 | 1 << 5
# Those of some guilds that the bot has met, and whether they have rules for roles.
Known = Callable[[Sequence[int]], Awaitable[Mapping[int, bool]]]

NOT_CONFIRMED = "Discord did not confirm the login. Try again."


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to come back, and what proves that it is we who began."""

    url: str  # where the browser goes
    state: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who Discord says that it is, and those guilds he is in that the bot has met."""

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

    async def finish(self, code: str, verifier: str, back_url: str, known: Known) -> Person:
        """Who came back with this code. Roles are asked for where they mean anything; then his token is forgotten.

        Raises:
            RequestRefused: Discord refused, or did not answer.
        """
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back_url, "code_verifier": verifier}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                own = (self._client_id, self._client_secret)
                granted = await client.post(f"{self._api_base}/oauth2/token", data=asked, auth=own)
                client.headers["Authorization"] = f"Bearer {_token(_json(granted))}"
                user = _json(await client.get(f"{self._api_base}/users/@me"))
                all_seats = [_seat(one) for one in _json(await client.get(f"{self._api_base}/users/@me/guilds"))]
                met = await known([seat.id for seat in all_seats])
                seats = await with_roles(client, self._api_base, [seat for seat in all_seats if met.get(seat.id)])
            return Person(
                id=int(user["id"]),
                name=str(user.get("global_name") or user["username"]),
                seats=(*seats, *(seat for seat in all_seats if met.get(seat.id) is False)),
            )
        except (httpx.HTTPError, AttributeError, KeyError, TypeError, ValueError) as error:
            logger.warning("Discord did not confirm a login: {!r}", error)
            raise RequestRefused(NOT_CONFIRMED) from error


def _json(answer: httpx.Response) -> Any:
    answer.raise_for_status()  # also of a redirect: nobody sends our secret elsewhere
    return answer.json()


def _token(granted: Any) -> str:
    if missing := set(SCOPE.split()) - set(str(granted.get("scope", SCOPE)).split()):
        raise ValueError(f"scopes that were not granted: {missing}")  # the browser could leave some out
    return str(granted["access_token"])


def _seat(guild: Any) -> Seat:
    owner, may = bool(guild.get("owner")), int(guild.get("permissions", 0))
    return Seat(
        id=int(guild["id"]),
        name=str(guild["name"]),
        moderates=owner or bool(may & MODERATES),
        manages=owner or bool(may & MANAGES),
    )
