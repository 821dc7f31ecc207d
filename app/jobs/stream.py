"""Server-sent events of jobs, from the ledger. One reader per process serves every watcher.

A watcher holds no database connection: the reader asks once for all of them, a few times a second, in one query.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from app.db import Database
from app.errors import TooMany
from app.jobs import queries
from app.jobs.models import JobEvent
from app.jobs.states import FINAL

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 0.25


@dataclass(eq=False)
class Watcher:
    """Somebody looking at one job, from behind the event `last`."""

    job_id: str
    last: int
    events: asyncio.Queue[JobEvent] = field(default_factory=asyncio.Queue)


class Viewers:
    """Who has how many streams open, so that nobody has them all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def must_have_room(self, user_id: str) -> None:
        """Raise TooMany if a person has as many as they may."""
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
    """Reads new events while anybody watches, and hands them to the watchers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: set[Watcher] = set()
        self._somebody = asyncio.Event()

    @property
    def watching(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    async def run(self) -> None:
        """Read forever; cancelled when the service stops."""
        while True:
            await self._somebody.wait()
            try:
                await self._deliver()
            except DBAPIError as error:
                log.warning("database away; events come later", error=str(error.orig))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def watch(self, job_id: str, after: int) -> AsyncIterator[JobEvent]:
        """The job's events behind id `after`, until one says that the job has ended."""
        watcher = Watcher(job_id, after)
        self._watchers.add(watcher)
        self._somebody.set()
        try:
            while True:
                event = await watcher.events.get()
                yield event
                if event.type == "state" and event.data["state"] in FINAL:
                    return
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._somebody.clear()

    async def _deliver(self) -> None:
        places: dict[str, int] = {}
        for watcher in self._watchers:
            places[watcher.job_id] = min(places.get(watcher.job_id, watcher.last), watcher.last)
        for event in await run_in_threadpool(self._read, places):
            for watcher in self._watchers:
                if watcher.job_id == event.job_id and watcher.last < event.id:
                    watcher.last = event.id
                    with suppress(asyncio.QueueFull):
                        watcher.events.put_nowait(event)

    def _read(self, places: dict[str, int]) -> list[JobEvent]:
        with self._database.reading() as session:
            return list(queries.events_after(session, places))
