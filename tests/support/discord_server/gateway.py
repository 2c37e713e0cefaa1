"""Discord's gateway, version 10: sessions, their events, and their resumption."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from .gateway_connection import Connection
from .intents import MESSAGE_CONTENT, PRIVILEGED, needed_intent

if TYPE_CHECKING:
    from .world import World


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    INVALID_SEQUENCE = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    DISALLOWED_INTENTS = 4014


@dataclass(slots=True, eq=False)
class Session:
    """What Discord remembers of a client between its connections."""

    intents: int
    shard: tuple[int, int] = (0, 1)  # which, of how many
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sent: list[str] = field(default_factory=list)
    connection: Connection | None = None
    resumes: int = 0

    def serves(self, guild_id: int | None) -> bool:
        """Whether this shard is told of that guild; direct messages belong to the first."""
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)

    def add(self, event: str, data: Any) -> None:
        """Numbers an event, keeps it for a resumption, and sends it if the client is there."""
        payload = json.dumps({"op": Op.DISPATCH, "s": len(self.sent) + 1, "t": event, "d": data})
        self.sent.append(payload)
        if self.connection is not None:
            self.connection.post(payload)


class Gateway:
    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.identifies = 0
        self.refused_until = 0.0

    @property
    def connected(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.connection is not None]

    def dispatch(self, event: str, data: dict[str, Any], guild_id: int | None) -> None:
        for session in self.sessions.values():
            if session.serves(guild_id) and not needed_intent(event, in_guild=guild_id is not None) & ~session.intents:
                session.add(event, self._readable(session, event, data))

    def _readable(self, session: Session, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Hides what a message says from a client without the message content intent.

        Its own messages, direct messages and messages that mention it stay readable.
        """
        own = str(self._world.bot.id)
        if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or session.intents & MESSAGE_CONTENT:
            return data
        if data["author"]["id"] == own or "guild_id" not in data:
            return data
        if any(user["id"] == own for user in data["mentions"]):
            return data
        return data | {"content": "", "embeds": [], "attachments": [], "components": []}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Speaks with one client until either side ends it."""
        socket = web.WebSocketResponse(max_msg_size=0, timeout=1.0, compress=False)
        await socket.prepare(request)
        async with Connection(socket, request, compress=request.query.get("compress")) as connection:
            self.connections.add(connection)
            interval = int(self._world.settings.heartbeat_interval * 1000)
            connection.send(Op.HELLO, {"heartbeat_interval": interval})
            try:
                async for frame in socket:
                    if frame.type is WSMsgType.TEXT:
                        await self._hear(connection, json.loads(frame.data))
            finally:
                self._part(connection, socket.close_code)
        return socket

    def _part(self, connection: Connection, close_code: int | None) -> None:
        self.connections.discard(connection)
        for session in self.connected:
            if session.connection is connection:
                session.connection = None
                # A client that says goodbye ends its session; any other end leaves it resumable.
                if close_code in (1000, 1001) and not connection.closed_by_server:
                    del self.sessions[session.id]
        self._world.changes.announce()

    async def _hear(self, connection: Connection, frame: dict[str, Any]) -> None:
        op, data = frame["op"], frame["d"]
        if op == Op.HEARTBEAT:
            if self._world.settings.heartbeats_are_acknowledged:
                connection.send(Op.HEARTBEAT_ACK)
        elif op == Op.IDENTIFY:
            await self._identify(connection, data)
        elif op == Op.RESUME:
            await self._resume(connection, data)
        elif op in (Op.REQUEST_MEMBERS, Op.PRESENCE, Op.VOICE_STATE):
            session = next((one for one in self.connected if one.connection is connection), None)
            if session is None:
                await connection.close(CloseCode.NOT_AUTHENTICATED)
            elif op == Op.REQUEST_MEMBERS:
                self._send_members(session, data)
        else:
            await connection.close(CloseCode.UNKNOWN_OPCODE)

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        self.identifies += 1
        intents = int(data["intents"])
        if self._world.token is None or data["token"] != self._world.token:
            return await connection.close(CloseCode.AUTHENTICATION_FAILED)
        if intents & PRIVILEGED and not self._world.settings.privileged_intents_are_granted:
            return await connection.close(CloseCode.DISALLOWED_INTENTS)
        number, count = data.get("shard", [0, 1])
        session = Session(intents, (number, count), connection=connection)
        guilds = [guild for guild in self._world.guilds.values() if guild.bot_is_in and session.serves(guild.id)]
        session.add("READY", self._ready(session, [guild.id for guild in guilds]))
        if not needed_intent("GUILD_CREATE", in_guild=True) & ~intents:
            for guild in guilds:
                session.add("GUILD_CREATE", guild.to_json() | {"unavailable": False})
        self.sessions[session.id] = session
        self._world.changes.announce()
        return None

    def _ready(self, session: Session, guild_ids: list[int]) -> dict[str, Any]:
        return {
            "v": 10,
            "user": self._world.bot.to_json() | {"verified": True, "mfa_enabled": False},
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": self._world.origin.replace("http", "ws", 1) + "/gateway/resume",
            "shard": list(session.shard),
            "application": {"id": str(self._world.application_id), "flags": 1 << 19},
        }

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = self.sessions.get(data["session_id"])
        if self._world.token is None or data["token"] != self._world.token:
            return await connection.close(CloseCode.AUTHENTICATION_FAILED)
        if session is None:
            return connection.send(Op.INVALID_SESSION, False)
        if data["seq"] > len(session.sent):
            return await connection.close(CloseCode.INVALID_SEQUENCE)
        for missed in session.sent[data["seq"] :]:
            connection.post(missed)
        session.connection = connection
        session.resumes += 1
        session.add("RESUMED", {})
        self._world.changes.announce()
        return None

    def _send_members(self, session: Session, data: dict[str, Any]) -> None:
        guild = self._world.guilds[int(data["guild_id"])]
        ids = data.get("user_ids") or []
        wanted = {int(one) for one in (ids if isinstance(ids, list) else [ids])}
        prefix = data.get("query") or ""
        found = [one for one in guild.members if one.name.startswith(prefix) and (not wanted or one.id in wanted)]
        chunk: dict[str, Any] = {
            "guild_id": str(guild.id),
            "members": [one.to_json() for one in found[: data.get("limit") or None]],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(one) for one in wanted - {member.id for member in found}],
        }
        session.add("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if "nonce" in data else {}))
