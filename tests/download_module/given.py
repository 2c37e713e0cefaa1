"""What tests of the download module begin with."""

from ipaddress import ip_network
from pathlib import Path

from download_module.egress import Egress
from download_module.plan import Part
from download_module.transfers import Transfer, gid_of
from tests.support.media_server import Payload, payload

MIB = 1024 * 1024
LOOPBACK = Egress([ip_network("127.0.0.0/8")])


def nothing(*_: object) -> None:
    """Takes anything, does nothing."""


def transfer(
    target: Path, *uris: str, position: int = 0, torrent: bytes | None = None, size: int | None = None
) -> Transfer:
    """A transfer of row 1 into `target`."""
    part = Part(uris=uris, torrent=torrent, size=size)
    gid = gid_of(1, 1, position)
    return Transfer(gid=gid, part=part, target=target, restart=nothing, drop=nothing, finish=nothing)


def holds(path: Path, body: Payload) -> bool:
    """Whether a file has exactly these bytes."""
    if path.stat().st_size != body.size:
        return False
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in body.pieces())


__all__ = ["LOOPBACK", "MIB", "holds", "nothing", "payload", "transfer"]
