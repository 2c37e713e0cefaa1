"""What a form of the page asks for, as a row: a link, its options, and what the one who asks may have."""

from typing import Any

from starlette.datastructures import FormData

from core.errors import RequestRefused
from core.models import Destination, Request
from core.options import checked_options
from core.preferences import RoleRules, combined
from core.queries import Queries
from core.viewers import Viewer

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
        options=checked_options(options),
        size_limit_bytes=rules.max_bytes,
        running_limit=rules.running,
        allow_torrents=bool(rules.torrents),
    )


async def rules_for(viewer: Viewer, queries: Queries) -> RoleRules:
    """What somebody may have here: the most generous of what the guilds that he is in allow everyone."""
    if viewer.is_owner:
        return RoleRules(download=True, manage_queue=True, torrents=True)
    guilds = [await queries.guild_preferences(seat.id) for seat in viewer.seats]
    return combined(RoleRules(), [guild.rules_for(()) for guild in guilds])
