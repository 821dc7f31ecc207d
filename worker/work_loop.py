"""Runs whatever waits for this worker until nothing does, in the one thread that computes.

A message from the broker and the poller both call `run_waiting`; which jobs run is the ledger's choice.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from app.contracts.jobs import Kind
from app.core.database import now
from app.jobs import queries
from worker.compute_thread import ComputeThread
from worker.context import WorkerContext
from worker.generation_priority import GenerationPriority, no_yield, wait_for_neighbours
from worker.handlers.embeddings import ImportHandler
from worker.handlers.generation import GenerationHandler
from worker.handlers.reports import ReportHandler
from worker.handlers.training import TrainingHandler
from worker.runner import Handler, Runner
from worker.shutdown import Shutdown
from worker.warm_up import warm_up

log = structlog.get_logger(__name__)

ORDER: Final[tuple[Kind, ...]] = ("import", "generation", "report", "training")  # quick kinds first


def handlers(context: WorkerContext, yield_to_generation: Callable[[], None] = no_yield) -> dict[Kind, Handler[Any]]:
    """The handler of every kind of job. Work that takes long calls `yield_to_generation` between two steps."""
    return {
        "import": ImportHandler(context),
        "generation": GenerationHandler(context),
        "report": ReportHandler(context, yield_to_generation),
        "training": TrainingHandler(context, yield_to_generation),
    }


class WorkLoop:
    """Takes jobs of several kinds in turn, so that no kind starves another."""

    def __init__(self, kinds: Sequence[Kind], run_next: Callable[[Kind], bool], shutdown: Shutdown) -> None:
        self.kinds = sorted(kinds, key=ORDER.index)
        self._run_next = run_next
        self._shutdown = shutdown
        self._thread = ComputeThread("compute")

    @classmethod
    def of(cls, context: WorkerContext, kinds: Sequence[Kind], shutdown: Shutdown) -> "WorkLoop":
        """The loop of a worker that takes these kinds."""

        def run_generations() -> None:
            """Between two steps of long work: one import and one batch of generations."""
            try:
                if not shutdown.is_set():
                    runner.run_next("import")
                    runner.run_next("generation")
            except Exception as error:  # it must not end the training that waits meanwhile
                log.error("generations not run", exc_info=error)

        pause = run_generations if "generation" in kinds else wait_for_neighbours(context, shutdown.is_set)
        yield_to_generation = GenerationPriority(pause).between_steps
        runner = Runner(context, handlers(context, yield_to_generation), shutdown)

        return cls(kinds, runner.run_next, shutdown)

    def run_waiting(self) -> None:
        """Run jobs until none waits or the worker is to stop. Any thread may call; one of them computes."""
        self._thread.run(self._run_all)

    def warm_up(self, context: WorkerContext) -> None:
        """Load what a first drawing needs, if this worker draws. Returns at once; a job waits for the present part."""

        def is_wanted() -> bool:
            with context.database.reading() as session:
                return not self._shutdown.is_set() and not queries.claimable(session, self.kinds, now(session))

        if context.settings.warm_up and "generation" in self.kinds:
            self._thread.submit(partial(warm_up, context, is_wanted))

    def _run_all(self) -> None:
        kinds, idle = deque(self.kinds), 0
        while idle < len(kinds) and not self._shutdown.is_set():
            idle = 0 if self._run_next(kinds[0]) else idle + 1
            kinds.rotate(-1)
