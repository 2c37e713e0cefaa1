"""What each kind of client may take."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Of one kind of client."""

    answer_bytes: int = GIB  # from the other side, over one connection
    connections: int = 128  # at once for one download; more of them wait
    idle: float = 60.0  # seconds without a byte either way
    connect: float = 15.0  # seconds to find a name and reach one of its addresses

    def as_json(self) -> dict[str, Any]:
        """For the guard's process."""
        return asdict(self)

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Self:
        """The other way round."""
        return cls(**found)


OTHERS = ClientLimits()  # of kinds that `limits_for` does not name


def limits_for(download_bytes: int) -> dict[str, ClientLimits]:
    """The limits of all kinds, where a download may have that many bytes."""
    # Those that fetch media. Their own limits come first: a connection may carry several files, and one of them twice.
    media = 4 * download_bytes
    return {
        "aria2c": ClientLimits(answer_bytes=media, connections=640, idle=120.0),
        "curl": ClientLimits(answer_bytes=media, idle=120.0),
        "live": ClientLimits(answer_bytes=media, idle=120.0),
        "browser": ClientLimits(answer_bytes=256 * MIB, connections=64, idle=120.0),  # Chromium opens 32 to a proxy
        "gallerydl": ClientLimits(connections=64),
        "probe": ClientLimits(answer_bytes=256 * MIB, idle=30.0),
        "ytdlp": ClientLimits(connections=64),
    }


DEFAULT_LIMITS: Mapping[str, ClientLimits] = limits_for(10 * GIB)
