"""Two sockets, and the bytes between them both ways, as fast as the slower one takes them."""

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum

from download_module.egress.carriers import Carrier, Carriers
from download_module.egress.limits import ClientLimits

_ABORT = struct.pack("ii", 1, 0)  # l_onoff, l_linger: closing sends RST


class Ending(StrEnum):
    """How a relay ended."""

    DONE = "done"  # both sides had said all
    BROKEN = "broken"  # one of them broke off
    IDLE = "idle"  # no byte for too long
    TOO_LONG = "too long"  # the answer went over its cap


class Relay:
    """Between a client and the server that it asked for."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        carriers: Carriers,
        *,
        limits: ClientLimits,
        answer_only: bool = False,
    ) -> None:
        """Begin at once.

        Args:
            client: gets the answer. Both sockets belong to the relay from now on.
            server: gives it.
            carriers: carry the bytes.
            limits: bound the answer. That it is not idle, `end_idle` sees to.
            answer_only: nothing goes to the server any more.
        """
        self.client, self.server = client, server
        self.limits = limits
        self.left = limits.answer_bytes
        self._stopped = False
        self.loop = asyncio.get_running_loop()
        self.active_at = self.loop.time()
        self.ended: asyncio.Future[Ending] = self.loop.create_future()
        self._ways = [_Way(self, server, client, carriers, counted=True)]
        if not answer_only:
            self._ways.append(_Way(self, client, server, carriers))
        for way in self._ways:
            way.start()

    def stop(self, ending: Ending) -> None:
        """End it. Whoever is cut off sees a reset: a clean end would look like the end of the file."""
        if self._stopped:
            return
        self._stopped = True
        if not self.ended.done():  # whoever waits may have been cancelled
            self.ended.set_result(ending)
        for way in self._ways:
            way.stop()
        for end in (self.client, self.server):
            if end.fileno() >= 0:
                # Others may still wait for it, such as whoever attends the client. What the loop watches when it is
                # closed would be taken for the next socket of the same number.
                self.loop.remove_reader(end.fileno())
                self.loop.remove_writer(end.fileno())
            if ending is not Ending.DONE:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            end.close()

    def one_way_ended(self) -> None:
        """Called by a way when it has carried its last byte."""
        if all(way.ended for way in self._ways):
            self.stop(Ending.DONE)


class _Way:
    """One of the two ways."""

    def __init__(
        self, relay: Relay, source: socket.socket, target: socket.socket, carriers: Carriers, *, counted: bool = False
    ) -> None:
        self._relay = relay
        self._source, self._target = source, target
        self._carriers = carriers
        self._counted = counted
        self._full: Carrier | None = None  # what the target did not take yet
        self.ended = False

    def start(self) -> None:
        self._relay.loop.add_reader(self._source.fileno(), self._carry)

    def stop(self) -> None:
        if self._source.fileno() >= 0:
            self._relay.loop.remove_reader(self._source.fileno())
        if self._full is not None:
            self._relay.loop.remove_writer(self._target.fileno())
            self._carriers.take_back(self._full)
            self._full = None

    def _carry(self) -> None:
        """The source has something."""
        try:
            carrier = self._carriers.lend()
        except OSError:  # no descriptors left
            self._relay.stop(Ending.BROKEN)
            return
        try:
            taken = carrier.take(self._source)
        except (BlockingIOError, InterruptedError):
            self._carriers.take_back(carrier)
            return
        except OSError:
            self._carriers.take_back(carrier)
            self._relay.stop(Ending.BROKEN)
            return
        self._relay.active_at = self._relay.loop.time()
        if not taken:
            self._carriers.take_back(carrier)
            self._end()
            return
        if self._counted:
            self._relay.left -= taken
        self._pour(carrier)

    def _pour(self, carrier: Carrier) -> None:
        try:
            carrier.give(self._target)
        except (BlockingIOError, InterruptedError):
            if self._full is None:
                self._full = carrier
                self._relay.loop.remove_reader(self._source.fileno())
                self._relay.loop.add_writer(self._target.fileno(), self._pour_again)
            return
        except OSError:
            if self._full is None:
                self._carriers.take_back(carrier)
            self._relay.stop(Ending.BROKEN)
            return
        if self._full is not None:
            self._full = None
            self._relay.loop.remove_writer(self._target.fileno())
            self.start()
        self._carriers.take_back(carrier)
        if self._relay.left < 0:
            self._relay.stop(Ending.TOO_LONG)

    def _pour_again(self) -> None:
        """The target takes more."""
        assert self._full is not None, "called while it holds something"
        self._relay.active_at = self._relay.loop.time()
        self._pour(self._full)

    def _end(self) -> None:
        """The source has said all; the other way may go on."""
        self.ended = True
        self._relay.loop.remove_reader(self._source.fileno())
        with contextlib.suppress(OSError):
            self._target.shutdown(socket.SHUT_WR)
        self._relay.one_way_ended()
