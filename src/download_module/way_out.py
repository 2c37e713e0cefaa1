"""How the fetchers of one download reach the network: through the guard, each by its own name and the row's id."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, Self

from loguru import logger

from core.errors import (
    BossBotError,
    ExtractionError,
    ForbiddenTarget,
    LoginRequired,
    SourceExpired,
    SourceUnreachable,
    TransferError,
)

# By class alone: what is derived from them (no room, a daemon that is gone) has other reasons.
LOOKS_LIKE_REFUSED = (ExtractionError, LoginRequired, SourceExpired, SourceUnreachable, TransferError)


class ProxyAccess(Protocol):
    """Where the guard listens for one client, and how that one names itself."""

    @property
    def url(self) -> str:
        """`http://user:password@host:port`."""
        ...

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


class Guard(Protocol):
    """What of `EgressGuard` fetchers need."""

    def proxy(self, client: str, download_id: int | None, *, upstream: str | None = None) -> ProxyAccess:
        """The way out for one kind of client of one download."""
        ...

    def refused(self, download_id: int) -> str | None:
        """What the guard did not let the fetchers of a download reach."""
        ...

    def forget(self, download_id: int) -> None:
        """From now on it counts anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Of one download; the extractors need not know of which.

    Without a guard nothing stands between a fetcher and the network: the runner never leaves it out.
    """

    guard: Guard | None = None
    download_id: int | None = None
    upstream: str | None = None  # a proxy of the site, behind the guard

    def of(self, download_id: int) -> Self:
        """That of a download."""
        return replace(self, download_id=download_id)

    def through(self, upstream: str | None) -> Self:
        """With a site's own proxy behind the guard."""
        return replace(self, upstream=upstream)

    def proxy(self, client: str) -> ProxyAccess | None:
        """The proxy of one kind of client; None: there is no guard."""
        return self.guard.proxy(client, self.download_id, upstream=self.upstream) if self.guard else None

    def url(self, client: str) -> str | None:
        """The same as a URL; without a guard the site's own proxy."""
        proxy = self.proxy(client)
        return proxy.url if proxy else self.upstream

    def refused(self) -> str | None:
        """What the guard last refused this download, None when there was nothing."""
        if self.guard is None or self.download_id is None:
            return None
        return self.guard.refused(self.download_id)

    @contextmanager
    def named_refusals(self) -> Iterator[None]:
        """Makes errors that a refusal of the guard may have caused say so.

        To a fetcher the guard's refusal looks like a server that is not there or gives nothing out.

        Raises:
            ForbiddenTarget: the guard refused something to this download, and nothing else explains its error.
        """
        guard, download_id = self.guard, self.download_id
        if guard is None or download_id is None:
            yield
            return
        guard.forget(download_id)
        try:
            yield
        except BossBotError as error:
            refused = self.refused() if type(error) in LOOKS_LIKE_REFUSED else None
            if refused is None:
                raise
            logger.bind(download=download_id, target=refused).info("an address is not allowed: {}", error)
            raise ForbiddenTarget from error


STRAIGHT = WayOut()
