"""Generations go before training where both share a device, and neither starves.

Somebody watches the page while a picture is drawn; a training takes minutes anyway, and so may a report. Long work
therefore pauses between two of its steps while generations wait or run on its device. It pauses at most as long as it
has worked, so that each side gets half of the device while both want it, and all of it otherwise.

Example: a batch of generations took 6 s between two training steps. The next generation is looked for 6 s later, after
about 6 s of training.
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

CHECK_SECONDS: Final = 0.5  # shortest time between two checks
PAUSE_SECONDS_MAX: Final = 10.0  # the job may be cancelled meanwhile


@dataclass
class GenerationPriority:
    """`pause` lets generations run and returns when there are none."""

    pause: Callable[[], None]
    _next_check: float = field(default=0.0)  # time.monotonic()

    def between_steps(self) -> None:
        """Pause for generations, unless the long work has had less time than the last pause took."""
        began = time.monotonic()
        if began < self._next_check:
            return
        self.pause()
        ended = time.monotonic()
        self._next_check = ended + max(CHECK_SECONDS, ended - began)


def no_yield() -> None:
    """Do not pause: nobody shares the device."""


def wait_for_neighbours(context: WorkerContext, is_stopping: Callable[[], bool]) -> Callable[[], None]:
    """A pause during which another worker on this device draws."""
    clock = threading.Event()

    def pause() -> None:
        deadline = time.monotonic() + PAUSE_SECONDS_MAX
        while time.monotonic() < deadline and not is_stopping() and neighbours_draw(context):
            clock.wait(0.1)

    return pause


def neighbours_draw(context: WorkerContext) -> bool:
    """Whether another living worker on this device draws, or is about to because a generation waits."""
    try:
        with context.database.reading() as session:
            neighbours = workers.neighbours(session, device_of(context.settings.device)[:200], "generation")
            return bool(neighbours) and jobs.is_drawn_by(session, neighbours)
    except DBAPIError as error:
        log.warning("database unreachable; training goes on", error=str(error.orig))
        return False
