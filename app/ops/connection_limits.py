"""Limits on connections that uvicorn lacks: how many there are, and how long each may keep the service waiting.

    waiting for                 limit                                             then
    a connection                `connections_max`, and so many of one address     503
    the headers of a request    HEADERS_SECONDS until they are complete           closed
    the body of a request       BODY_SECONDS ahead of BYTES_PER_SECOND            closed
    the reader of an answer     READER_SECONDS ahead of BYTES_PER_SECOND          closed
    the rest of a refused body  DISCARDED_BYTES_MAX are read, LINGER_SECONDS      closed
    the next request            uvicorn's `timeout_keep_alive`                    closed

"Ahead of" is a bucket that leaks: a body of BODY_SECONDS 30 may pause for 30 seconds, and every 16 kB that arrive give
a second back, up to 30. Nothing limits how long an endpoint takes to answer, nor how long an event stream is silent.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.core.addresses import counted_as

log = structlog.get_logger(__name__)

HEADERS_SECONDS: Final = 10.0
BODY_SECONDS: Final = 30.0
READER_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 5.0
DISCARDED_BYTES_MAX: Final = 1_000_000
BYTES_PER_SECOND: Final = 16_000
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)
_PROBLEM: Final = (
    b'{"type":"/problems/too-many-connections","title":"Not ready","status":503,"detail":"Too many connections are '
    b'open. Close some, and try again in 5 s."}'
)


@dataclass(frozen=True)
class Limits:
    """What one process allows."""

    connections: int
    connections_of_address: int
    is_proxy: Callable[[str], bool] = lambda _: False  # whether many people come from an address
    headers_seconds: float = HEADERS_SECONDS
    body_seconds: float = BODY_SECONDS
    reader_seconds: float = READER_SECONDS
    linger_seconds: float = LINGER_SECONDS
    bytes_per_second: int = BYTES_PER_SECOND
    tick_seconds: float = 1.0


@dataclass
class Connections:
    """The open connections of this process."""

    limits: Limits
    open: set["LimitedProtocol"] = field(default_factory=set)
    of_address: Counter[str] = field(default_factory=Counter)
    ticking: bool = False

    def admit(self, connection: "LimitedProtocol") -> bool:
        """Count a new connection. False if there is no room for it.

        If the process is full, the oldest connection goes that has not sent a request, or else the oldest whose request
        has not arrived completely. Somebody who opens many and sends nothing, or sends slowly, keeps nobody out.
        """
        of_address = self.of_address[connection.counted_as]
        if of_address >= self.limits.connections_of_address and not self.limits.is_proxy(connection.address):
            return False
        if len(self.open) >= self.limits.connections and not self._close_one_without_request():
            return False
        self.open.add(connection)
        self.of_address[connection.counted_as] += 1
        if not self.ticking:
            self.ticking = True
            connection.loop.call_later(self.limits.tick_seconds, self._tick, connection.loop)
        return True

    def forget(self, connection: "LimitedProtocol") -> None:
        """A connection is closed."""
        if connection in self.open:
            self.open.remove(connection)
            self.of_address[connection.counted_as] -= 1
            if not self.of_address[connection.counted_as]:
                del self.of_address[connection.counted_as]

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        for connection in list(self.open):
            connection.tick(self.limits.tick_seconds)
        self.ticking = bool(self.open)
        if self.ticking:
            loop.call_later(self.limits.tick_seconds, self._tick, loop)

    def _close_one_without_request(self) -> bool:
        for waits in (("headers", "request"), ("body",)):
            waiting = [connection for connection in self.open if connection.current_wait() in waits]
            if waiting:
                oldest = min(waiting, key=lambda connection: connection.number)
                oldest.reset()
                self.forget(oldest)
                return True
        return False


class LimitedProtocol(H11Protocol):
    """One HTTP/1.1 connection within the limits. uvicorn makes one for each connection."""

    all: Connections  # set by `protocol_within`
    _made = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse the connection if there are too many."""
        super().connection_made(transport)
        LimitedProtocol._made += 1
        self.number = LimitedProtocol._made
        self.address = self.client[0] if self.client else ""
        self.counted_as = counted_as(self.address)
        self._waits_for: str | None = None
        self._seconds_left = 0.0
        self._unsent = 0
        self._discarded = 0
        if not self.all.admit(self):
            transport.write(_REFUSAL % (len(_PROBLEM), _PROBLEM))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another."""
        self.all.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that the sender goes on, and stop reading what is not wanted any more."""
        if self._waits_for == "body":
            self._earn(len(data), self.all.limits.body_seconds)
        super().data_received(data)
        if self.current_wait() == "linger":
            self._discarded += len(data)
            if self._discarded > DISCARDED_BYTES_MAX:
                self.flow.pause_reading()

    def tick(self, seconds: float) -> None:
        """Close the connection if the other side has kept us waiting for too long."""
        limits, wait = self.all.limits, self.current_wait()
        allowed = {
            "headers": limits.headers_seconds,
            "body": limits.body_seconds,
            "reader": limits.reader_seconds,
            "linger": limits.linger_seconds,
        }.get(wait or "")
        unsent = self.transport.get_write_buffer_size()
        if allowed is None or wait != self._waits_for:
            self._waits_for, self._seconds_left = wait, allowed or 0.0
        else:
            if wait == "reader":
                self._earn(max(0, self._unsent - unsent), allowed)
            self._seconds_left -= seconds
            if self._seconds_left <= 0:
                log.info("connection closed", waited_for=wait, address=self.address)
                self.reset()
        self._unsent = unsent

    def reset(self) -> None:
        """Close the connection, and drop what is on its way. Otherwise the kernel would keep that for the reader."""
        connection: socket.socket = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _earn(self, count: int, most: float) -> None:
        self._seconds_left = min(most, self._seconds_left + count / self.all.limits.bytes_per_second)

    def current_wait(self) -> str | None:
        """What the other side has to do next; None while we have to."""
        if self.transport.get_write_buffer_size() > 0:
            return "reader"
        if self.cycle is None or self.cycle.response_complete:
            if self.cycle is not None and self.conn.their_state is h11.SEND_BODY:
                return "linger"
            return "headers" if self.timeout_keep_alive_task is None else "request"
        if self.cycle.more_body and not self.flow.read_paused and not self.cycle.waiting_for_100_continue:
            return "body"
        return None


def protocol_within(limits: Limits) -> type[LimitedProtocol]:
    """The class of the connections of one process, for uvicorn's `http`."""
    members: dict[str, Any] = {"all": Connections(limits)}
    return type("LimitedProtocol", (LimitedProtocol,), members)
