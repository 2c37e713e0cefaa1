"""Whether there is a token, and whether Discord takes it."""

import httpx

from cli.checks.finding import Finding, bad, good, warning
from cli.units import visible
from core.settings import Settings, variable_of

TIMEOUT = 10.0  # seconds
NAME = "Discord token"


async def check_token(settings: Settings, *, online: bool) -> Finding:
    """Look for the token; with `online` ask Discord whose it is."""
    variable = variable_of("discord_token")
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    if not token:
        return warning(NAME, "not set: only the runners start", f"Set {variable} to use Discord; see the README.")
    if not online:
        return good(NAME, "set, not tried (`--online` tries it)")
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            answer = await client.get(
                f"{settings.discord_api_base.rstrip('/')}/users/@me",
                headers={"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (boss-bot, doctor)"},
            )
    except (httpx.HTTPError, UnicodeEncodeError) as error:
        return bad(NAME, f"not tried: {type(error).__name__} from {settings.discord_api_base}", "Check the network.")
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return bad(NAME, "refused by Discord", f"Make a new token in the developer portal and set {variable}.")
    if not answer.is_success:
        return bad(NAME, f"not tried: Discord answered {answer.status_code}", "Try again in a few minutes.")
    return good(NAME, f"taken by Discord: {visible(str(answer.json().get('username')))}")
