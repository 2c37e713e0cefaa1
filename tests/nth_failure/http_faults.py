"""How a request to Discord fails."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.discord_server import Fault, Moment
from tests.support.discord_server.wire import reset

LATE = 3.0  # seconds; the runner gives up after 2, and Discord does the work all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing(Fault):
    """The end of the runner while it waits for the answer."""

    kill: Callable[[], None] = field(default=lambda: None)

    async def strike(self, request: web.Request) -> web.Response | None:
        """See `Fault`."""
        self.kill()
        reset(request)
        raise ConnectionResetError


def http_fault(name: str, kill: Callable[[], None]) -> Fault:
    """The fault of that name in `plan.FAULTS`."""
    return {
        "429": Fault.rate_limit(0.3),
        "500-before": Fault.status(500),
        "500-after": Fault.status(500, after=True),
        "503-before": Fault.status(503),
        "503-after": Fault.status(503, after=True),
        "reset-body": Fault.reset(body_read=True),
        "reset-after": Fault.reset(after=True),
        "timeout-before": Fault.slow(LATE),
        "timeout-after": Fault.slow(LATE, after=True),
        "kill-before": Killing(moment=Moment.BEFORE_WORK, kill=kill),
        "kill-after": Killing(moment=Moment.AFTER_WORK, kill=kill),
    }[name]
