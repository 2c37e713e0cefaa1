"""Which aria2c is used: one of ours, or one that somebody else runs."""

from dataclasses import dataclass
from typing import Protocol

from loguru import logger


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a daemon listens."""

    url: str  # http://host:port/jsonrpc
    secret: str


class Daemon(Protocol):
    """An aria2c: ours, or one elsewhere."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it listens now, None while it is not there."""
        ...

    @property
    def outlives_runners(self) -> bool:
        """Whether it may still write for a runner that is dead."""
        ...

    async def restart(self, why: str) -> None:
        """Do what is possible about a daemon that hangs."""
        ...


@dataclass(frozen=True, slots=True)
class SharedDaemon:
    """An aria2c that somebody else runs (`ARIA2C_RPC_URL`)."""

    endpoint: Endpoint | None
    outlives_runners: bool = True

    async def restart(self, why: str) -> None:
        """Nothing: it is not ours to kill."""
        logger.error("the shared aria2c does not answer: {}", why)
