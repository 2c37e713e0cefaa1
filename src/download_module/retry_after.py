"""How long a server wants to be left alone: aria2 does not tell, so it is asked once more."""

import httpx

from download_module.extractors.direct_extractor import error_of_status
from download_module.plan import Part

BUSY = frozenset((429, 503))
TIMEOUT = 5.0  # seconds


async def retry_after(part: Part, uri: str) -> float | None:
    """Seconds that the server names, when it still refuses and names any.

    Args:
        part: whose headers are sent.
        uri: what was refused.
    """
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client,
            client.stream("GET", uri, headers=[*part.headers, ("Range", "bytes=0-0")]) as answer,
        ):
            if answer.status_code not in BUSY:
                return None
            return error_of_status(answer.status_code, answer.headers.get("Retry-After")).retry_after
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
