"""A site that wants a login although it was shown the admin's cookies: the member and the admin must hear of that."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from loguru import logger

from core.errors import LoginRequired
from download_module.site_cookies import expired
from download_module.sites import Site

REFUSED = (
    "This media is private or needs a login, and the cookies that this bot has for the site did not help. "
    "They may have expired: ask its admin for new ones."
)


@contextmanager
def cookies_explained(site: Site, url: str) -> Iterator[None]:
    """Makes a refusal by a site that has cookies of the admin say so, to the member and in the log.

    Raises:
        LoginRequired: with a sentence that names the cookies.
    """
    try:
        yield
    except LoginRequired as error:
        cookies = site.cookies_for(url)
        if not cookies:
            raise
        log = logger.bind(site=site.name or urlsplit(url).hostname, file=str(site.cookies))
        over = f"{len(expired(cookies))} of {len(cookies)} are expired"
        log.warning("the site wants a login although it was shown cookies ({}): export them anew", over)
        raise LoginRequired(REFUSED) from error
