"""A worker's heartbeat: one row, written every five seconds, with the jobs that the worker takes and its metrics.

A row needs no open port. A worker that is suspended, or whose threads hang, stops writing and counts as dead.
"""

import os
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError

from app.contracts.jobs import Kind
from app.contracts.queues import QUEUES
from app.core.database import now, utc_now
from app.core.settings import Settings
from app.workers import queries
from app.workers.models import Worker
from worker.context import WorkerContext

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 5.0


def kinds_of(queues: Sequence[str]) -> list[Kind]:
    """The kinds of jobs that these queues carry."""
    return [kind for kind, queue in QUEUES.items() if queue in queues]


def capacity_of(kind: Kind, settings: Settings) -> int:
    """The most pictures (`generation`) or concepts (`training`) that a worker computes at once; 1 for other kinds."""
    capacities: dict[Kind, int] = {"generation": settings.batch_pictures_max, "training": settings.teach_together}
    return capacities.get(kind, 1)


def device_of(setting: str) -> str:
    """A name for the device that this process computes on. All workers on one device get the same name."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "cuda") and setting != "cpu" and torch.cuda.is_available():
        number = int(setting.rpartition(":")[2]) if ":" in setting else 0
        properties = torch.cuda.get_device_properties(number)
        return f"{properties.name} {getattr(properties, 'uuid', f'{socket.gethostname()}:{number}')}"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return f"{socket.gethostname()} {setting} {visible}".strip()


class WorkerHeartbeat:
    """Writes the row of one worker process."""

    def __init__(self, context: WorkerContext, kinds: Sequence[Kind]) -> None:
        self._context = context
        self.kinds = list(kinds)
        self._over = threading.Event()
        self._began = utc_now()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """Write the row now, and then every five seconds."""
        self._thread.start()

    def end(self) -> None:
        """Stop writing, and remove the row."""
        self._over.set()
        self._thread.join(EVERY_SECONDS)
        try:
            with self._context.database.transaction() as session:
                queries.remove(session, self._context.name)
        except DBAPIError as error:
            log.warning("could not remove the row of this worker; the sweep will", error=str(error.orig))

    def beat(self) -> None:
        """Write the row once."""
        with self._context.database.transaction() as session:
            moment = now(session)
            row = Worker(
                name=self._context.name,
                kinds={kind: capacity_of(kind, self._context.settings) for kind in self.kinds},
                device=device_of(self._context.settings.device)[:200],
                started_at=self._began,
                seen_at=moment,
                clock_at=utc_now(),
                metrics=self._context.metrics.values(),
            )
            session.merge(row)

    def _run(self) -> None:
        while True:
            try:
                self.beat()
            except DBAPIError as error:
                log.warning("heartbeat missed", error=str(error.orig))
            if self._over.wait(EVERY_SECONDS):
                return
