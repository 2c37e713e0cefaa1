"""What a service manager is told (sd_notify(3), `Type=notify`): ready, still alive, stopping. Nobody asked: nothing."""

import asyncio
import os
import socket

SOCKET, WATCHDOG, WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
VARIABLES = (SOCKET, WATCHDOG, WATCHED)  # not for children: they are not what the manager waits for


def tell(*states: str) -> None:
    """Send states such as `READY=1` to who started this process, if he listens."""
    address = os.environ.get(SOCKET)
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket (unix(7))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)  # a manager that hangs must not hold us up
            sock.sendto("\n".join(states).encode(), address)
    except OSError:  # also where there are no descriptors left: the next one tells it
        return


async def stay_watched() -> None:
    """Say that this process is ready, then that its loop runs, twice as often as is asked for; until cancelled."""
    tell("READY=1")
    seconds = _watchdog_seconds()
    while seconds:
        tell("WATCHDOG=1")
        await asyncio.sleep(seconds / 2)


def _watchdog_seconds() -> float:
    if os.environ.get(WATCHED, str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(os.environ.get(WATCHDOG, "0")) / 1e6
    except ValueError:
        return 0.0
