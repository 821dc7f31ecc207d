"""Server-sent events of jobs, from the ledger. One reader per process serves every watcher.

A watcher holds no database connection: the reader asks once for all of them, a few times a second, in one query.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from app.db import Database
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
