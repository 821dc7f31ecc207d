"""Drawing goes before teaching where both share a device, and neither starves.

Somebody looks at the page while a drawing is made; a teaching takes minutes anyway, and so may a report. So both rest
between two of their steps while drawings wait or run on their device. They rest as long as they have worked, at most:
each has half of the device while both want it, and all of it otherwise.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from app.jobs import queries as jobs
from app.workers import queries as workers
from worker.context import WorkerContext
from worker.heartbeat import device_of

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.5
REST_SECONDS_MAX: Final = 10.0  # somebody may cancel the teaching meanwhile


@dataclass
class GenerationPriority:
    """What long work calls between two steps. `rest` lets drawings pass and returns once there are none."""

    rest: Callable[[], None]
    _again: float = field(default=0.0)

    def between_steps(self) -> None:
        """Let drawings pass, unless the long work has not had as much time as they had."""
        began = time.monotonic()
        if began < self._again:
            return
        self.rest()
        ended = time.monotonic()
        self._again = ended + max(LOOK_SECONDS, ended - began)


def no_yield() -> None:
    """Nobody shares the device."""


def to_neighbours(context: WorkerContext, is_stopping: Callable[[], bool]) -> Callable[[], None]:
    """Rest while another worker on this device draws."""
    pause = threading.Event()

    def rest() -> None:
        deadline = time.monotonic() + REST_SECONDS_MAX
        while time.monotonic() < deadline and not is_stopping() and _drawn_beside(context):
            pause.wait(0.1)

    return rest


def _drawn_beside(context: WorkerContext) -> bool:
    try:
        with context.database.reading() as session:
            beside = workers.neighbours(session, device_of(context.settings.device)[:200], "generation")
            return bool(beside) and jobs.is_drawn_by(session, beside)
    except DBAPIError as error:
        log.warning("database away; the teaching goes on", error=str(error.orig))
        return False
