"""A worker's heartbeat: one row, written every few seconds, that says which jobs the worker takes and how fast it is.

The row needs no port. A worker that is suspended, or stuck in a way that stops its threads, falls silent and counts as
dead.
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
    """The kinds of job that come through these queues."""
    return [kind for kind, queue in QUEUES.items() if queue in queues]


def room_of(kind: Kind, settings: Settings) -> int:
    """How many pictures or concepts of a kind a worker computes at once."""
    rooms: dict[Kind, int] = {"generation": settings.batch_pictures_max, "training": settings.teach_together}
    return rooms.get(kind, 1)


def device_of(setting: str) -> str:
    """A name for the device that this process computes on; equal for every worker that shares it."""
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
        """Write the row now, and then every few seconds."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and remove the row."""
        self._over.set()
        self._thread.join(EVERY_SECONDS)
        try:
            with self._context.database.transaction() as session:
                queries.forget(session, self._context.name)
        except DBAPIError as error:
            log.warning("could not remove the row of this worker; the sweep will", error=str(error.orig))

    def beat(self) -> None:
        """Write the row once."""
        with self._context.database.transaction() as session:
            moment = now(session)
            row = Worker(
                name=self._context.name,
                kinds={kind: room_of(kind, self._context.settings) for kind in self.kinds},
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
