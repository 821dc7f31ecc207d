"""Uploads of one team at a time: how many are read and decoded at once, and what follows when their sender is gone.

A form with pictures costs room on the disk while it is read, and memory and a thread while its pictures are decoded.
Each team has READING uploads that are read and DECODING uploads that are decoded; its other uploads wait, unread or
on the disk, and those of other teams do not wait for them. The bytes of all teams' uploads together are bounded by
`app.web.upload_room`.
"""

import asyncio
import threading
from collections import Counter, defaultdict, deque
from concurrent.futures import Future
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.principal import Principal
from app.pictures.fair_turns import SENDER, Sender
from app.web.upload_room import Room, Share

READING: Final = 6
DECODING: Final = 2


class Uploads:
    """Middleware inside `app.web.admission`. Requests to endpoints that read no form pass unchanged."""

    def __init__(self, app: ASGIApp, body_bytes_max: int, *, reading: int = READING, decoding: int = DECODING) -> None:
        self._app = app
        self._room = Room(body_bytes_max)
        self._reading = Gate(reading)
        self._decoding = Gate(decoding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for a place among the team's uploads, and watch the connection once the form is read."""
        headers = Headers(raw=scope.get("headers", []))
        is_upload = scope["type"] == "http" and scope["state"]["upload"]
        person: Principal | None = scope["state"]["principal"] if is_upload else None
        if person is None:
            await self._app(scope, receive, send)
            return
        share = Share(self._room, person.team_id)
        reading, decoding = Place(self._reading, person.team_id), Place(self._decoding, person.team_id)
        sender = Sender(person.team_id, on_decoded=decoding.leave)
        upload = _Upload(receive, sender, reading, decoding, share)
        before = SENDER.set(sender)
        try:
            await reading.enter()
            await share.enter(self._room.announced(headers.get("content-length")))
            await self._app(scope, upload.receive, send)
        finally:
            SENDER.reset(before)
            upload.end()
            share.leave()


class _Upload:
    """The body of one upload. After its last byte the connection is watched for its end."""

    def __init__(self, receive: Receive, sender: Sender, reading: "Place", decoding: "Place", share: Share) -> None:
        self._receive = receive
        self._share = share
        self._received = 0
        self._sender = sender
        self._reading = reading
        self._decoding = decoding
        self._end_of_connection: asyncio.Task[Message] | None = None

    async def receive(self) -> Message:
        """The next message. The last part of the body is handed over when the upload may be decoded."""
        if self._end_of_connection is not None:
            return await asyncio.shield(self._end_of_connection)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._end_of_connection = asyncio.create_task(self._watch())
            self._reading.leave()
            self._share.shrink(self._received)
            await self._decoding.enter()
        return message

    async def _watch(self) -> Message:
        message = await self._receive()
        self._sender.leave()
        return message

    def end(self) -> None:
        """Give up the places, and stop watching."""
        self._reading.leave()
        self._decoding.leave()
        if self._end_of_connection is not None:
            self._end_of_connection.cancel()


class Gate:
    """Lets a few uploads of each team in at a time, in the order in which they came. Safe in any thread and loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[Future[None]]] = defaultdict(deque)
        self._lock = threading.Lock()

    async def enter(self, team_id: str) -> None:
        """Wait until there is room."""
        turn: Future[None] = Future()
        with self._lock:
            if self._inside[team_id] < self._most:
                self._inside[team_id] += 1
                return
            self._waiting[team_id].append(turn)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancel():  # let in at the same moment
                self.leave(team_id)
            raise

    def leave(self, team_id: str) -> None:
        """Make room for the next."""
        with self._lock:
            waiting = self._waiting[team_id]
            while waiting:
                turn = waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            del self._waiting[team_id]
            self._inside[team_id] -= 1
            if not self._inside[team_id]:
                del self._inside[team_id]


class Place:
    """One upload's place in a gate. It is left once, however often `leave` is called."""

    def __init__(self, gate: Gate, team_id: str) -> None:
        self._gate = gate
        self._team_id = team_id
        self._inside = False

    async def enter(self) -> None:
        """Wait for a place."""
        await self._gate.enter(self._team_id)
        self._inside = True

    def leave(self) -> None:
        """Leave, if inside."""
        if self._inside:
            self._inside = False
            self._gate.leave(self._team_id)
