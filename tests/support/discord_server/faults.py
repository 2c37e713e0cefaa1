"""Trouble on demand: what Discord and the network do on a bad day."""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from aiohttp import web

from .request_log import matches
from .wire import json_answer, reset

RATE_LIMIT_HEADERS = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")


class Moment(StrEnum):
    """When a fault strikes."""

    BEFORE_BODY = "before the body is read"
    BEFORE_WORK = "after the body is read, before the work"
    AFTER_WORK = "after the work is done, instead of its answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of trouble; make it with the class methods."""

    moment: Moment
    answer_status: int | None = None
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    via: bool = True
    resets: bool = False
    delay: float = 0.0

    @classmethod
    def status(
        cls, status: int, *, after: bool = False, json_body: dict[str, Any] | None = None, text: str | None = None
    ) -> Self:
        """Answers with a status, ``after`` the work was done or in its place; ``text`` makes it a page of HTML."""
        body = json.dumps({"message": f"{status}: fault", "code": 0} if json_body is None else json_body)
        kind = "application/json" if text is None else "text/html"
        return cls(moment=_moment(after), answer_status=status, body=body if text is None else text, content_type=kind)

    @classmethod
    def rate_limit(
        cls,
        retry_after: float,
        *,
        scope: str = "user",
        headers: bool = True,
        via: bool = True,
        retry_after_in_body: bool = True,
    ) -> Self:
        """Answers 429, with all of Discord's headers or without; scope is user, shared or global.

        Without ``via`` it is what Cloudflare gives to a banned address.
        """
        body: dict[str, Any] = {"message": "You are being rate limited.", "global": scope == "global"}
        if retry_after_in_body:
            body["retry_after"] = retry_after
        sent = rate_limit_headers(1, 0, retry_after, "fault") | {
            "Retry-After": str(math.ceil(retry_after)),
            "X-RateLimit-Scope": scope,
        }
        if scope == "global":
            sent["X-RateLimit-Global"] = "true"
        return cls(
            moment=Moment.BEFORE_WORK,
            answer_status=429,
            body=json.dumps(body),
            headers=sent if headers else {},
            via=via,
        )

    @classmethod
    def unauthorized(cls) -> Self:
        return cls.status(401, json_body={"message": "401: Unauthorized", "code": 0})

    @classmethod
    def too_large(cls) -> Self:
        return cls.status(413, json_body={"message": "Request entity too large", "code": 40005})

    @classmethod
    def reset(cls, *, after: bool = False, body_read: bool = False) -> Self:
        """Resets the connection: at the headers, after the body was read, or ``after`` the work was done."""
        moment = Moment.AFTER_WORK if after else Moment.BEFORE_WORK if body_read else Moment.BEFORE_BODY
        return cls(moment=moment, resets=True)

    @classmethod
    def slow(cls, seconds: float, *, after: bool = False) -> Self:
        """Keeps the client waiting before the work, or after it, and then answers as ever."""
        return cls(moment=_moment(after), delay=seconds)

    def but_slow(self, seconds: float) -> Self:
        """The same trouble after a wait."""
        return replace(self, delay=seconds)

    async def strike(self, request: web.Request) -> web.Response | None:
        """Waits, then resets or gives the answer; None means "go on as ever"."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.resets:
            reset(request)
            raise ConnectionResetError
        if self.answer_status is None:
            return None
        answer = web.Response(
            text=self.body, status=self.answer_status, headers=self.headers, content_type=self.content_type
        )
        if self.content_type == "application/json":
            answer = json_answer(json.loads(self.body), self.answer_status)
            answer.headers.update(self.headers)
        if self.via:
            answer.headers["Via"] = "1.1 google"
        return answer


def _moment(after: bool) -> Moment:
    return Moment.AFTER_WORK if after else Moment.BEFORE_WORK


def rate_limit_headers(limit: int, remaining: int, reset_after: float, bucket: str) -> dict[str, str]:
    values = (limit, remaining, f"{time.time() + reset_after:.3f}", f"{reset_after:.3f}", bucket)
    return {f"X-RateLimit-{name}": str(value) for name, value in zip(RATE_LIMIT_HEADERS, values, strict=True)}


@dataclass(slots=True, eq=False)
class PlannedFault:
    """A fault that waits for its requests; ``struck`` counts those it met."""

    fault: Fault
    method: str
    pattern: str
    left: float
    skip: int = 0
    struck: int = 0

    def cancel(self) -> None:
        self.left = 0

    def meets(self, method: str, path: str) -> bool:
        if self.left <= 0 or not matches(method, path, self.method, self.pattern):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.left -= 1
        self.struck += 1
        return True


class Faults:
    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def plan(self, planned: PlannedFault) -> PlannedFault:
        self._planned.append(planned)
        return planned

    def take(self, method: str, path: str) -> Fault | None:
        return next((one.fault for one in self._planned if one.meets(method, path)), None)

    def clear(self) -> None:
        self._planned.clear()
