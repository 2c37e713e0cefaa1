"""How long a server wants to be left alone: aria2 does not tell, so it is asked once more."""

import httpx

from download_module.extractors.direct_extractor import error_of_status
from download_module.personal_headers import headers_to
from download_module.plan import Part
from download_module.way_out import WayOut
from download_module.web_client import web_client

BUSY = frozenset((429, 503))
TIMEOUT = 5.0  # seconds


async def retry_after(part: Part, uri: str, way_out: WayOut) -> float | None:
    """Seconds that the server names, when it still refuses and names any.

    Args:
        part: whose headers are sent.
        uri: what was refused.
        way_out: of the part's download.
    """
    try:
        async with (
            web_client(way_out, TIMEOUT) as client,
            client.stream("GET", uri, headers=[*headers_to(part, (uri,)), ("Range", "bytes=0-0")]) as answer,
        ):
            if answer.status_code not in BUSY:
                return None
            return error_of_status(answer.status_code, answer.headers.get("Retry-After")).retry_after
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
