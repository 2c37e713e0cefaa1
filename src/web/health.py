"""`/health`, `/ready` and `/metrics`, for service managers, load balancers and Prometheus.

From this machine anybody may ask for them; from another only with METRICS_TOKEN as bearer token. `/ready` tells no
more than which kinds of processes work, so it asks for the token just the same.
"""

import asyncio
import hmac
import ipaddress
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.database import Database, DatabaseFault
from core.models import RunnerState
from core.queries import Queries, Runner
from core.settings import Settings
from core.snapshot import read_snapshot
from web.metrics import CONTENT_TYPE, exposition

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the routes need to know."""

    database: Database
    download_dir: Path
    lease: float  # seconds after which a silent process counts as gone
    token: str = ""
    sites: int = 20
    needed: tuple[str, ...] = ("download", "upload")  # kinds of processes that must be ready
    patience: float = 5.0  # seconds that the database may take to answer

    async def metrics(self, _request: Request) -> Response:
        """Everything that is measured."""
        async with asyncio.timeout(self.patience):
            snapshot = await read_snapshot(self.database)
        disk = await asyncio.to_thread(_disk, self.download_dir)
        text = await asyncio.to_thread(exposition, snapshot, sites=self.sites, disk=disk)
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    async def health(self, _request: Request) -> Response:
        """That this process lives, and the database answers."""
        async with asyncio.timeout(self.patience):
            await Queries(self.database).runners()
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> Response:
        """Whether each kind of process works: 200 or 503."""
        async with asyncio.timeout(self.patience):
            runners = await Queries(self.database).runners()
        kinds = sorted({*self.needed, *(runner.kind for runner in runners)})
        told = {kind: self._state([runner for runner in runners if runner.kind == kind]) for kind in kinds}
        ready = all(told[kind]["state"] == RunnerState.READY for kind in self.needed)
        return JSONResponse({"status": "ready" if ready else "not ready", "processes": told}, 200 if ready else 503)

    def _state(self, runners: list[Runner]) -> dict[str, Any]:
        alive = [runner for runner in runners if runner.seconds_silent < self.lease]
        best = min(alive, key=lambda runner: list(_BEST).index(runner.state), default=None)
        if best is None:
            return {"state": "gone", "count": 0}
        return {"state": best.state, "count": len(alive), "note": best.note}


_BEST = (RunnerState.READY, RunnerState.WAITING, RunnerState.STARTING, RunnerState.STOPPING)


def health_routes(health: Health) -> list[Route]:
    """The routes, to be mounted at the root of an application."""
    answers = {"/health": health.health, "/ready": health.ready, "/metrics": health.metrics}
    return [Route(path, _guarded(answer, health.token), methods=["GET"]) for path, answer in answers.items()]


def health_of(settings: Settings, database: Database) -> Health:
    """What the settings say of it."""
    return Health(
        database=database,
        download_dir=settings.download_dir,
        lease=settings.lease,
        token=settings.metrics_token.get_secret_value() if settings.metrics_token else "",
        sites=settings.metrics_sites,
    )


def _guarded(answer: Answer, token: str) -> Answer:
    async def guarded(request: Request) -> Response:
        if not may_ask(request, token):
            return PlainTextResponse("Send METRICS_TOKEN as bearer token.\n", 401, {"WWW-Authenticate": "Bearer"})
        try:
            return await answer(request)
        except (DatabaseFault, OSError) as error:  # TimeoutError is an OSError
            return JSONResponse({"status": "the database does not answer", "error": type(error).__name__}, 503)

    return guarded


def may_ask(request: Request, token: str) -> bool:
    """Whether who asks is this machine itself, or knows the token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    # A proxy on this machine speaks for others.
    return _is_loopback(request) and not any(name in request.headers for name in FORWARDED)


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _disk(directory: Path) -> dict[str, int]:
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    usage = shutil.disk_usage(directory)
    return {"total": usage.total, "free": usage.free}
