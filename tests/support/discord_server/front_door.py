"""What every request passes: the log, faults, rate limits, the token; and refusals as JSON."""

import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .bodies import BODY, read_body
from .errors import ApiError, Refusal
from .faults import Fault, Faults, Moment
from .oauth_routes import of_people
from .rate_limits import RateLimits, add_headers
from .request_log import Request, api_path
from .wire import API, json_answer, world_of

WITHOUT_TOKEN = (f"{API}/interactions/", f"{API}/webhooks/", f"{API}/oauth2/token")


async def _closed(_request: web.Request) -> web.StreamResponse:
    raise ApiError(Refusal.UNAUTHORIZED)


class FrontDoor:
    """Keeps in ``crashes`` what this server itself did wrong, lest a test takes it for Discord's 500."""

    def __init__(self, log: list[Request], faults: Faults, limits: RateLimits) -> None:
        self.crashes: list[Exception] = []
        self._log = log
        self._faults = faults
        self._limits = limits

    def middleware(self) -> Middleware:
        @web.middleware
        async def pass_through(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._log_it(request, handler)

        return pass_through

    async def _log_it(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        entry = Request(
            method=request.method,
            path=api_path(request.path),
            query=dict(request.query),
            headers=dict(request.headers),
        )
        self._log.append(entry)
        started = time.monotonic()
        try:
            answer = await self._refuse_in_json(request, handler)
            entry.status = answer.status
        except ConnectionResetError:
            # The connection is gone already, so that nobody reads this answer.
            return web.Response(status=499)
        finally:
            entry.seconds = time.monotonic() - started
            body = request.get(BODY)
            if body is not None:
                entry.payload, entry.size = body.payload, body.size
                entry.files = tuple(upload.filename for upload in body.files.values())
            world_of(request).changes.announce()
        return answer

    async def _refuse_in_json(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            answer = await self._meet_faults(request, handler)
        except ApiError as refusal:
            answer = json_answer(refusal.to_json(), refusal.status)
            answer.headers["Via"] = "1.1 google"
        except web.HTTPNotFound:
            answer = json_answer(ApiError(Refusal.NOT_FOUND).to_json(), 404)
        except (web.HTTPException, OSError):
            raise
        except Exception as crash:  # noqa: BLE001 - raised again when the server stops
            self.crashes.append(crash)
            answer = web.Response(status=500)
        return answer

    async def _meet_faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = api_path(request.path)
        fault = self._faults.take(request.method, path)
        refusal, headers = self._limits.check(request.method, path)
        fault = fault or refusal
        if fault is None:
            answer = await self._work(request, handler)
        else:
            answer = await self._strike(fault, request, handler)
        if not answer.prepared:
            add_headers(answer, headers)
        return answer

    async def _strike(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        if fault.moment is not Moment.BEFORE_BODY:
            await read_body(request)
        if fault.moment is not Moment.AFTER_WORK:
            return await fault.strike(request) or await self._work(request, handler)
        answer = await self._work(request, handler)
        return await fault.strike(request) or answer

    async def _work(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        needs_token = request.path.startswith(API) and not request.path.startswith(WITHOUT_TOKEN)
        token = world_of(request).token
        authorization = request.headers.get("Authorization")
        if needs_token and authorization is not None and authorization.startswith("Bearer "):
            handler = of_people(api_path(request.path)) or _closed
        elif needs_token and (token is None or authorization != f"Bot {token}"):
            raise ApiError(Refusal.UNAUTHORIZED)
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.setdefault("Via", "1.1 google")
        return answer
