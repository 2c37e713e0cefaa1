"""One connection of a client: who it is, what it asks, whether it may have that, and getting it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from weakref import WeakValueDictionary

import h11

from download_module.egress.answers import ESTABLISHED, REFUSED_HEADER, answer
from download_module.egress.carriers import Carriers
from download_module.egress.credentials import Client, authenticated
from download_module.egress.dialling import Dialler, RefusedError
from download_module.egress.forwarding import answer_begun, send_body
from download_module.egress.heads import HEAD_BYTES, BadHeadError, Target, is_chunked, request_head, target_of
from download_module.egress.limits import OTHERS, ClientLimits
from download_module.egress.relay import Ending, Relay

HEAD_TIMEOUT = 20.0  # seconds for a client to say what it wants
LINE = 8192  # bytes that are read of a head at once; h11 looks at its length between them
UNAUTHENTICATED = ("Proxy-Authenticate", 'Basic realm="boss-bot"')


@dataclass(slots=True, kw_only=True)
class Guard:
    """What all connections of a guard share."""

    dialler: Dialler
    secret: bytes
    limits: Mapping[str, ClientLimits]
    report: Callable[[dict[str, Any]], object]
    upstream: str | None = None  # for all
    upstreams: dict[int, str] = field(default_factory=dict)  # for single requests
    carriers: Carriers = field(default_factory=Carriers)
    relays: set[Relay] = field(default_factory=set)
    turns: WeakValueDictionary[Client, asyncio.Semaphore] = field(default_factory=WeakValueDictionary)

    def turn_of(self, who: Client) -> asyncio.Semaphore:
        """What a client's connections wait for; nobody keeps it when it has none. Another download has its own."""
        limit = self.limits.get(who.kind, OTHERS).connections
        return self.turns.setdefault(who, asyncio.Semaphore(limit))

    def upstream_of(self, who: Client) -> str | None:
        """The proxy behind this one."""
        if who.upstream is None:
            return self.upstream
        return self.upstreams.get(who.upstream, "")  # never around a proxy that was asked for: "" can't be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request of a client that proved who it is."""

    who: Client
    limits: ClientLimits
    request: h11.Request
    target: Target
    conversation: h11.Connection


class Exchange:
    """Serves one client once."""

    def __init__(self, guard: Guard, client: socket.socket) -> None:
        self._guard = guard
        self._client = client

    async def run(self) -> None:
        """Serve it, and close its connection."""
        with contextlib.closing(self._client):
            conversation = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
            try:
                async with asyncio.timeout(HEAD_TIMEOUT):
                    request = await self._request(conversation)
            except OSError:  # a timeout is one
                return
            except h11.RemoteProtocolError as error:
                await self._refuse(HTTPStatus(error.error_status_hint or 400), "The request is not understood.")
                return
            if request is not None and (asked := await self._judged(request, conversation)) is not None:
                await self._in_turn(asked)

    async def _request(self, conversation: h11.Connection) -> h11.Request | None:
        """The head of what the client asks; None: it says nothing."""
        loop = asyncio.get_running_loop()
        while (event := conversation.next_event()) is h11.NEED_DATA:
            conversation.receive_data(await loop.sock_recv(self._client, LINE))
        return event if isinstance(event, h11.Request) else None

    async def _judged(self, request: h11.Request, conversation: h11.Connection) -> Asked | None:
        proofs = [value for name, value in request.headers if name == b"proxy-authorization"]
        who = authenticated(proofs[0], self._guard.secret) if len(proofs) == 1 else None
        if who is None:
            said = "The guard serves the fetchers of Boss-Bot alone."
            await self._refuse(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, said, UNAUTHENTICATED)
            return None
        try:
            target = target_of(request)
            is_chunked(request)
        except BadHeadError as error:
            await self._refuse(HTTPStatus.BAD_REQUEST, f"The request is not understood: {error}.")
            return None
        limits = self._guard.limits.get(who.kind, OTHERS)
        return Asked(who=who, limits=limits, request=request, target=target, conversation=conversation)

    async def _in_turn(self, asked: Asked) -> None:
        turn = self._guard.turn_of(asked.who)
        try:
            async with asyncio.timeout(asked.limits.connect):
                await turn.acquire()
        except TimeoutError:
            await self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections at once.")
            return
        try:
            await self._connect(asked)
        finally:
            turn.release()

    async def _connect(self, asked: Asked) -> None:
        upstream = self._guard.upstream_of(asked.who)
        try:
            async with asyncio.timeout(asked.limits.connect):
                server = await self._guard.dialler.dial(asked.target.host, asked.target.port, upstream=upstream)
        except RefusedError as error:
            self._tell(asked, refused=error.refusal)  # before the client hears of it
            await self._refuse(
                HTTPStatus.FORBIDDEN, "This address is not allowed.", (REFUSED_HEADER, str(error.refusal))
            )
        except TimeoutError:
            await self._refuse(HTTPStatus.GATEWAY_TIMEOUT, "The host does not answer.")
        except OSError:
            await self._refuse(HTTPStatus.BAD_GATEWAY, "The host was not found or can't be reached.")
        else:
            with contextlib.closing(server):
                await (self._tunnel(asked, server) if asked.target.path is None else self._forward(asked, server))

    async def _tunnel(self, asked: Asked, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(asked.limits.connect):
                await loop.sock_sendall(self._client, ESTABLISHED)
                await loop.sock_sendall(server, asked.conversation.trailing_data[0])  # sent before it was asked for
            await self._relay(asked, server)

    async def _forward(self, asked: Asked, server: socket.socket) -> None:
        attending: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(asked.limits.idle):
                await asyncio.get_running_loop().sock_sendall(server, request_head(asked.request, asked.target))
                attending = asyncio.create_task(self._attend(asked, server))
                begun = await answer_begun(server, self._client)
        except TimeoutError:
            await self._refuse(HTTPStatus.GATEWAY_TIMEOUT, "The host does not answer.")
        except (OSError, BadHeadError):
            await self._refuse(HTTPStatus.BAD_GATEWAY, "The host gave no answer that is understood.")
        else:
            with contextlib.suppress(OSError):
                async with asyncio.timeout(asked.limits.idle):
                    await asyncio.get_running_loop().sock_sendall(self._client, begun)
                await self._relay(asked, server, attending)
        finally:
            if attending is not None:
                attending.cancel()
                await asyncio.gather(attending, return_exceptions=True)

    async def _attend(self, asked: Asked, server: socket.socket) -> None:
        """Pass the client's body on, and return when the client has gone."""
        await send_body(self._client, asked.conversation, server, chunked=is_chunked(asked.request))
        with contextlib.suppress(OSError):
            while await asyncio.get_running_loop().sock_recv(self._client, LINE):
                pass  # what it says after its one request, nobody hears

    async def _relay(self, asked: Asked, server: socket.socket, attending: asyncio.Task[None] | None = None) -> None:
        limits = asked.limits
        relay = Relay(self._client, server, self._guard.carriers, limits=limits, answer_only=attending is not None)
        if attending is not None:
            # A server that does not close its connection would keep ours long after the client has gone.
            attending.add_done_callback(lambda _: relay.stop(Ending.BROKEN))
        self._guard.relays.add(relay)
        try:
            ending = await relay.ended
        finally:
            self._guard.relays.discard(relay)
            relay.stop(Ending.BROKEN)  # unless it ended
        if ending in (Ending.IDLE, Ending.TOO_LONG):
            self._tell(asked, ended=ending)

    async def _refuse(self, status: HTTPStatus, said: str, *headers: tuple[str, str]) -> None:
        await answer(self._client, status, said, headers)

    def _tell(self, asked: Asked, **what: str) -> None:
        who = asked.who
        self._guard.report({"client": who.kind, "download": who.download_id, "target": str(asked.target), **what})
