"""What a form of the page asks for, as a row: a link, its options, and what the one who asks may have."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData

from core.errors import RequestRefused
from core.models import Destination, Request
from core.options import checked_options
from core.preferences import EVERYONE, Limits, RoleRules
from core.queries import Queries
from core.viewers import Seat, Viewer

# Not `to`, which names a folder of this machine.
TEXTS = ("quality", "clip", "items", "subtitles", "live")
SWITCHES = ("audio", "thumbnail", "force")
QUALITIES = ("best", "2160p", "1440p", "1080p", "720p", "480p", "360p", "worst")


def request_of(form: FormData, viewer: Viewer, rules: RoleRules) -> Request:
    """The row of a form. Its files are kept on this machine, where the page has them.

    Raises:
        RequestRefused: an option means nothing, or he may not ask.
    """
    if not rules.download:
        raise RequestRefused("You may not ask for downloads here. Ask those who run your server.")
    options: dict[str, Any] = {name: text for name in TEXTS if (text := str(form.get(name, "")).strip())}
    options |= {name: True for name in SWITCHES if form.get(name)}
    return Request(
        url=str(form.get("url", "")),
        destination=Destination.FOLDER,
        upload=False,
        priority=0,
        user_id=viewer.user_id,
        user_name=viewer.name,
        options=checked_options(options),
        size_limit_bytes=rules.max_bytes,
        running_limit=rules.running,
        allow_torrents=bool(rules.torrents),
    )


async def rules_for(viewer: Viewer, queries: Queries) -> RoleRules:
    """What somebody may have here: the most generous of what his guilds allow him, by his roles in each."""
    if viewer.is_owner:
        return RoleRules(download=True, manage_queue=True, torrents=True)
    return _most_generous([await _rules_in(seat, queries) for seat in viewer.seats]) if viewer.seats else EVERYONE


async def _rules_in(seat: Seat, queries: Queries) -> RoleRules:
    rules = (await queries.guild_preferences(seat.id)).rules_for(seat.roles)
    # As with the bot's own commands: who can change the limits is not held by them.
    return RoleRules(download=True, torrents=rules.torrents) if seat.manages else rules


def _most_generous(guilds: Sequence[RoleRules]) -> RoleRules:
    """What one of them allows; where one has no limit there is none, as if he asked there."""

    def most(name: str) -> Any:
        said = [getattr(rules, name) for rules in guilds]
        return None if name in Limits.model_fields and None in said else max(filter(None, said), default=False)

    return RoleRules(**{name: most(name) for name in RoleRules.model_fields})
