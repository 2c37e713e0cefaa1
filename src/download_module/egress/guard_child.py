"""The guard's process: `python -m download_module.egress.guard_child DESCRIPTOR`, started by `EgressGuard` alone.

It has no token, no database and no files. It ends when its runner does, and not by a signal that a service manager
sends to all of us at once: the runner still needs it then, to give back what is fetched through it as whole as it is.
"""

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

from core.host_list import parse_hosts
from download_module.egress.control import ControlEnd
from download_module.egress.dialling import Dialler
from download_module.egress.exchange import Guard
from download_module.egress.guard_server import GuardServer
from download_module.egress.limits import ClientLimits
from download_module.egress.resolver import Resolver
from download_module.egress.rules import Rules


class GuardProcess:
    """Does what the runner says."""

    def __init__(self, control: ControlEnd) -> None:
        self._control = control
        self._guard: Guard | None = None
        self._server: GuardServer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.ended = asyncio.Event()

    def hear(self) -> None:
        """Obey all that the runner said since the last time."""
        try:
            for message, listener in self._control.receive():
                self._obey(message, listener)
        except EOFError:
            self.ended.set()

    def _obey(self, message: Mapping[str, Any], listener: socket.socket | None) -> None:
        loop = asyncio.get_running_loop()
        if message["say"] == "ping":
            self._control.send({"say": "pong"})
        elif message["say"] == "rules":
            self._guard = self._guard_of(message)
            self._server = GuardServer(self._guard)
            self._tasks.append(loop.create_task(self._server.end_idle()))
        elif message["say"] == "upstream":
            assert self._guard is not None, "the rules come first"
            self._guard.upstreams[message["number"]] = message["url"]
        elif listener is not None:
            assert self._server is not None, "the rules come first"
            listener.setblocking(False)
            self._tasks.append(loop.create_task(self._server.serve(listener)))

    def _guard_of(self, message: Mapping[str, Any]) -> Guard:
        rules = Rules(parse_hosts(message["allow"]), parse_hosts(message["deny"]))
        return Guard(
            dialler=Dialler(rules, Resolver()),
            secret=bytes.fromhex(message["secret"]),
            limits={kind: ClientLimits.of_json(found) for kind, found in message["limits"].items()},
            report=lambda report: self._control.send({"say": "report", **report}),
            upstream=message["upstream"],
        )


async def run(descriptor: int) -> None:
    """Serve until the runner hangs up."""
    control = ControlEnd(socket.socket(fileno=descriptor))
    process = GuardProcess(control)
    asyncio.get_running_loop().add_reader(control.fileno(), process.hear)
    await process.ended.wait()


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(run(int(sys.argv[1])))


if __name__ == "__main__":
    main()
