"""The only way out of this machine for every fetcher: a forward proxy in a process of its own."""

import secrets
import socket
from collections.abc import Iterator, Mapping

from core.host_list import NOTHING, HostList
from download_module.egress.access import ProxyAccess
from download_module.egress.credentials import Client, password_of
from download_module.egress.guard_keeper import GuardKeeper, Message
from download_module.egress.limits import DEFAULT_LIMITS, ClientLimits
from download_module.egress.reports import Reports
from download_module.egress.upstreams import checked_upstream

BACKLOG = 1024  # connections that wait while the process is started again


class EgressGuard:
    """The runner's side: one port and one secret for as long as this lives, however often the process is replaced."""

    def __init__(
        self,
        allow: HostList = NOTHING,
        deny: HostList = NOTHING,
        *,
        upstream: str | None = None,
        limits: Mapping[str, ClientLimits] = DEFAULT_LIMITS,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """Make it.

        Args:
            allow: what may be reached although it is private.
            deny: what may not be reached although it is public.
            upstream: the URL of a proxy behind the guard, for all.
            limits: what each kind of client may take.
            inherit: descriptors that its process keeps open, so that it counts as part of its runner.

        Raises:
            ValueError: `upstream` is no URL of a proxy.
        """
        self._secret = secrets.token_bytes(32)
        self._rules = {
            "allow": str(allow),
            "deny": str(deny),
            "upstream": upstream and checked_upstream(upstream),
            "limits": {kind: limit.as_json() for kind, limit in limits.items()},
        }
        self._upstreams: dict[str, int] = {}
        self._listeners: list[socket.socket] = []  # the first one is our own
        self._reports = Reports()
        self._keeper = GuardKeeper(self._introduction, self._reports.note, inherit=inherit)

    @property
    def pid(self) -> int | None:
        """The process id of the guard that runs now."""
        return self._keeper.pid

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1, once it was started."""
        return int(self._listeners[0].getsockname()[1])

    async def start(self) -> None:
        """Start it, and keep it running until `stop`.

        Raises:
            TimeoutError: its process does not come up.
        """
        self._listeners.append(socket.create_server(("127.0.0.1", 0), backlog=BACKLOG))
        await self._keeper.start()

    async def stop(self) -> None:
        """End it, and whatever goes through it."""
        await self._keeper.stop()
        for listener in self._listeners:
            listener.close()

    def proxy(self, client: str, download_id: int | None, *, upstream: str | None = None) -> ProxyAccess:
        """The way out for one client.

        Args:
            client: its kind, see `limits`; another name has the limits of all others.
            download_id: for which it goes; refusals are told by it.
            upstream: the URL of a proxy behind the guard, instead of the one for all.

        Raises:
            ValueError: `upstream` is no URL of a proxy.
        """
        number = None if upstream is None else self._number_of(checked_upstream(upstream))
        username = Client(client, download_id, number).username
        password = password_of(username, self._secret)
        return ProxyAccess(host="127.0.0.1", port=self.port, username=username, password=password)

    def refused(self, download_id: int) -> str | None:
        """The host and port that a download's fetchers were last refused, None when there was nothing."""
        self._keeper.hear()  # what the guard reported before it refused is there already
        return self._reports.refused.get(download_id)

    def forget(self, download_id: int) -> None:
        """A new try begins: what the download is refused from now on counts."""
        self._keeper.hear()
        self._reports.forget(download_id)

    async def adopt(self, listener: socket.socket) -> None:
        """Serve another listening socket too, such as one in a network namespace; it belongs to the guard now."""
        self._listeners.append(listener)
        self._keeper.tell({"say": "listen"}, listener)

    def _introduction(self) -> Iterator[tuple[Message, socket.socket | None]]:
        yield {"say": "rules", "secret": self._secret.hex(), **self._rules}, None
        for url, number in self._upstreams.items():
            yield _upstream(url, number), None
        for listener in self._listeners:
            yield {"say": "listen"}, listener

    def _number_of(self, upstream: str) -> int:
        """Usernames hold a number instead of a URL, which may have a password."""
        if upstream not in self._upstreams:
            self._upstreams[upstream] = len(self._upstreams) + 1
            self._keeper.tell(_upstream(upstream, self._upstreams[upstream]))
        return self._upstreams[upstream]


def _upstream(url: str, number: int) -> Message:
    return {"say": "upstream", "number": number, "url": url}
