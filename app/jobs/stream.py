"""Server-sent events of jobs, from the ledger. One reader per process serves every watcher.

A watcher holds no database connection. The reader asks for the new events of all watchers in one query, four times a
second. Every two seconds it asks in one more query what the tokens and sessions of the watchers may still do, and ends
the streams of those that have lost their right.
"""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.accounts.principal import scopes_now
from app.accounts.scopes import Scope
from app.contracts.jobs import FINAL
from app.core.database import Database
from app.core.errors import TooMany
from app.jobs import queries
from app.jobs.queries import StoredEvent

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 0.25
RIGHTS_SECONDS = 2.0  # a stream ends within 5 s of losing the right to it
READ: Final[tuple[Scope, ...]] = ("read",)
ALIVE_SECONDS = 15.0  # a comment is sent at this interval, because proxies close streams that are silent
ALIVE = b": alive\n\n"
NO_RIGHT = b": This stream ends here. Its token or session has ended, or the person has left the team.\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Server-sent events that are encoded already."""

    media_type = "text/event-stream"


@dataclass(frozen=True)
class Chunk:
    """New events for one watcher, or the comment that is sent instead, and whether the stream ends after them."""

    events: Sequence[StoredEvent] = ()
    comment: bytes = b""
    last: bool = False

    @property
    def content(self) -> bytes:
        """The events as they are sent. JSON as databases write it has no line breaks."""
        lines = (f"event: {each.type}\nid: {each.id}\ndata: {each.data}\n\n" for each in self.events)
        return "".join(lines).encode() + self.comment


@dataclass(eq=False)
class Watcher:
    """One client that reads a job's stream or waits for the job's end.

    `last` is the id of the last event that was sent to it. `credential_id` is the token or session that it sent, which
    needs one of the scopes `any_of` for as long as it watches.
    """

    job_id: str
    last: int
    credential_id: str
    any_of: frozenset[Scope]
    chunks: asyncio.Queue[Chunk] = field(default_factory=asyncio.Queue)


class Viewers:
    """How many streams each person has open, so that no one uses up the process's limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def must_have_room(self, user_id: str) -> None:
        """Raise TooMany if a person has the maximum number of streams open."""
        if self._open[user_id] >= self._most:
            raise TooMany(
                f"You already watch {self._open[user_id]} jobs at once. Close some windows, or stop some scripts.",
                code="too-many-streams",
                retry_after=5,
            )

    @contextmanager
    def watching(self, user_id: str) -> Iterator[None]:
        """Count a stream while it is open."""
        self._open[user_id] += 1
        try:
            yield
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]


class EventFeed:
    """Reads new events while there are watchers, and hands each its own."""

    def __init__(self, database: Database, rights_seconds: float = RIGHTS_SECONDS) -> None:
        self._database = database
        self.rights_seconds = rights_seconds  # between two checks of who may still watch
        self._watchers: set[Watcher] = set()
        self._has_watchers = asyncio.Event()

    @property
    def watching(self) -> int:
        """The number of watchers now."""
        return len(self._watchers)

    async def run(self) -> None:
        """Read forever; cancelled when the service stops."""
        alive = checked = time.monotonic()
        while True:
            await self._has_watchers.wait()
            try:
                if time.monotonic() - checked >= self.rights_seconds:
                    await self._end_without_right()
                    checked = time.monotonic()
                await self._deliver()
            except SQLAlchemyError as error:  # also that the pool has no connection left
                log.warning("no answer from the database; sending events later", error=str(error))
            if time.monotonic() - alive > ALIVE_SECONDS:
                alive = time.monotonic()
                for watcher in self._watchers:
                    watcher.chunks.put_nowait(Chunk(comment=ALIVE))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def watch(
        self, job_id: str, after: int, credential_id: str, any_of: Collection[Scope] = READ
    ) -> AsyncGenerator[Chunk, None]:
        """The job's events with ids above `after`, and comments that keep the stream alive.

        Ends after the event that ends the job, and when the token or session has none of these scopes any more.
        """
        watcher = Watcher(job_id, after, credential_id, frozenset(any_of))
        self._watchers.add(watcher)
        self._has_watchers.set()
        try:
            while True:
                chunk = await watcher.chunks.get()
                yield chunk
                if chunk.last:
                    return
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._has_watchers.clear()

    async def _end_without_right(self) -> None:
        watchers = list(self._watchers)
        scopes = await run_in_threadpool(scopes_now, self._database, {each.credential_id for each in watchers})
        for watcher in watchers:
            if watcher.any_of.isdisjoint(scopes.get(watcher.credential_id, ())):
                self._watchers.discard(watcher)  # nothing more is queued for it
                watcher.chunks.put_nowait(Chunk(comment=NO_RIGHT, last=True))

    async def _deliver(self) -> None:
        watchers: dict[str, list[Watcher]] = defaultdict(list)
        for watcher in self._watchers:
            watchers[watcher.job_id].append(watcher)
        last_seen = {job_id: min(watcher.last for watcher in each) for job_id, each in watchers.items()}
        new_events: dict[str, list[StoredEvent]] = defaultdict(list)
        for event in await run_in_threadpool(self._read, last_seen):
            new_events[event.job_id].append(event)
        for job_id, events in new_events.items():
            for watcher in watchers[job_id]:
                new = [event for event in events if event.id > watcher.last]
                if new:
                    watcher.last = new[-1].id
                    watcher.chunks.put_nowait(Chunk(new, last=any(map(_ends, new))))

    def _read(self, last_seen: dict[str, int]) -> list[StoredEvent]:
        with self._database.reading() as session:
            return queries.events_after(session, last_seen)


def _ends(event: StoredEvent) -> bool:
    return event.type == "state" and json.loads(event.data)["state"] in FINAL
