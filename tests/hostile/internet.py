"""All of the internet and all that is behind a router, in a network namespace: every address of it is this program.

On the public ones is the site. Every packet to another one is written down, whatever its protocol and port: it is a hit
of a canary. The site is served there too, so that a fetcher that is not held back gets what it came for.

Run as `python -m tests.hostile.internet EVENTS DIRECTORY`. It says "here" when its namespace can be set up, waits for a
line, and says "ready" when it listens; `EVENTS` gets a line of JSON for each event.
"""

import asyncio
import json
import socket
import struct
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO

from tests.hostile.address_site import Site
from tests.hostile.name_server import OTHER, SITE, NameServer

RESOLVER = "198.18.0.1"
PUBLIC = frozenset((*SITE, *OTHER))
PORTS = (80, 8080)
OUTGOING = 4  # of packet(7): one of ours
TCP, UDP, ICMP6, HOP_BY_HOP = 6, 17, 58, 0


class Ledger:
    """Writes events down."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def note(self, kind: str, what: str) -> None:
        """One event."""
        self._file.write(json.dumps({"kind": kind, "what": what}) + "\n")
        self._file.flush()


def hit_of(packet: bytes) -> str | None:
    """The protocol and the target of a packet that should not have been sent."""
    if packet[0] >> 4 == 4:
        protocol, target, body = packet[9], ip_address(packet[16:20]), packet[(packet[0] & 15) * 4 :]
    else:
        protocol, target, body = packet[6], ip_address(packet[24:40]), packet[40:]
    if protocol in (ICMP6, HOP_BY_HOP):  # how IPv6 finds its neighbours
        return None
    port = struct.unpack_from(">H", body, 2)[0] if protocol in (TCP, UDP) else 0
    if str(target) == RESOLVER and protocol == UDP and port == 53:
        return None
    if str(target) in PUBLIC and protocol == TCP:
        return None
    return f"{ {TCP: 'tcp', UDP: 'udp'}.get(protocol, protocol) } {target} {port}"


def watch_packets(ledger: Ledger) -> None:
    """Note what comes in from the house."""
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    sniffer.bind(("world", 0))
    sniffer.setblocking(False)

    def take() -> None:
        packet, (_, _, kind, *_) = sniffer.recvfrom(65535)
        hit = hit_of(packet) if kind != OUTGOING and packet[0] >> 4 in (4, 6) else None
        if hit:
            ledger.note("hit", hit)

    asyncio.get_running_loop().add_reader(sniffer, take)


def say(word: str) -> None:
    """Tell whoever started this."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(events: Path, directory: Path) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    say("here")
    sys.stdin.readline()
    with events.open("a", encoding="utf-8") as file:
        ledger = Ledger(file)
        site = Site(directory, lambda path: ledger.note("asked", path))
        names = NameServer()
        await loop.create_datagram_endpoint(lambda: names, local_addr=(RESOLVER, 53))
        for port in PORTS:
            for host in ("0.0.0.0", "::"):
                await asyncio.start_server(site.serve, host, port)
        watch_packets(ledger)
        say("ready")
        await asyncio.to_thread(sys.stdin.read)
        for name, times in names.asked.items():
            ledger.note("name", f"{name} {times}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
