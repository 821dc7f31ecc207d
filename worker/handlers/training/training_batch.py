"""Words learned on the same base model share each forward and backward pass, and join and leave between steps.

One that fails, is cancelled or lost does not touch the others. Knows nothing of what a teaching writes.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog
import torch

from app.core.errors import LeaseLost
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import failures
from worker.context import WorkerContext
from worker.engine.generation import DenoisingStep, SamplerSettings, draw
from worker.engine.inversion import gradients
from worker.generation_priority import no_yield
from worker.handlers.training.training_run import Interrupted, TrainingRun
from worker.lease import LeaseRenewal, write
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)

PIXELS_AT_ONCE = 4 * 512 * 512  # of all samples in one pass on a CPU, whose machine would swap before it complained
LOOK_SECONDS = 1.0  # how often the queue is asked for newcomers; an idle worker asks at once, so it comes first


def teach(
    context: WorkerContext, job: Job, shutdown: Shutdown, yield_to_generation: Callable[[], None] = no_yield
) -> None:
    """Run a claimed training job to its end, and in its company others that wait for the same base model.

    `yield_to_generation` is called between two steps, of training and of drawing the report, and returns when the
    next one may start.
    """
    with LeaseRenewal(context.database, [], context.settings.lease_seconds) as heartbeat:
        company = TrainingBatch(context, str(job.spec["base_model"]), heartbeat, shutdown, yield_to_generation)
        company.admit(job)
        while company.runs:
            yield_to_generation()
            company.step()
        context.metrics.taught(0.0)


@dataclass
class TrainingBatch:
    """The words that are being learned at the moment."""

    context: WorkerContext
    base_model: str
    heartbeat: LeaseRenewal
    shutdown: Shutdown
    yield_to_generation: Callable[[], None]
    runs: list[TrainingRun] = field(default_factory=list)
    looked: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.at_once = self.context.settings.teach_together  # words in one pass; halved when memory runs out

    def admit(self, job: Job) -> None:
        """Take in a job that was claimed for this worker."""
        lease = Lease(job.id, job.attempt)
        self.heartbeat.add(lease)
        newcomer = TrainingRun(self.context, job, lease, self.heartbeat, self.shutdown, self.yield_to_generation)
        if self._settle(newcomer, newcomer.begin):
            self.runs.append(newcomer)

    def step(self) -> None:
        """One optimiser step of every word, and whatever is due between two steps."""
        began = time.monotonic()
        self._between()
        self._preview()
        self._leave()
        self._learn()
        self._share(time.monotonic() - began)
        self._admit_waiting()

    def _share(self, seconds: float) -> None:
        """What a step took of the device is the members' in equal parts."""
        for run in self.runs:
            run.used += seconds / len(self.runs)
        self.context.metrics.taught(len(self.runs) / max(seconds, 1e-6))

    def _between(self) -> None:
        for run in self.runs:
            self._settle(run, run.between_steps)

    def _preview(self) -> None:
        """Words whose picture is due at the same step are drawn in one loop."""
        due = [run for run in self.runs if not run.over and run.preview_due]
        if not due:
            return
        model = due[0].model
        try:
            pictures = draw(
                model, [run.preview() for run in due], SamplerSettings.for_model(model), on_step=self._go_on
            )
        except Interrupted:
            return  # the next look between two steps says what for
        except Exception as error:  # the loop is shared, so what broke it broke it for all
            for run in due:
                self._settle(run, partial(_raise, error))
            return
        for run, picture in zip(due, pictures, strict=True):
            self._settle(run, partial(run.show, picture))

    def _go_on(self, _: DenoisingStep) -> None:
        if self.shutdown.is_set():
            raise Interrupted

    def _leave(self) -> None:
        for run in self.runs:
            if not run.over and run.done:
                self._settle(run, run.finish)
        self.runs = [run for run in self.runs if not run.over]

    def _learn(self) -> None:
        """Forward and backward together, then each word for itself. What breaks a pass is looked for in its halves."""
        passes = deque(_parts(self.runs, self._room()))
        while passes:
            part = passes.popleft()
            try:
                losses = gradients(part[0].model, [run.inversion for run in part])
            except Exception as error:
                for run in part:
                    run.inversion.concept.discard_gradients()
                if len(part) == 1:
                    self._settle(part[0], partial(_raise, error))
                    continue
                half = (len(part) + 1) // 2
                if isinstance(error, torch.OutOfMemoryError):
                    self.at_once = half
                    torch.cuda.empty_cache()
                    log.warning("out of memory; fewer words at once from now on", together=half)
                passes.extendleft(reversed(_parts(part, half)))
            else:
                for run, loss in zip(part, losses, strict=True):
                    self._settle(run, partial(run.take_step, loss))

    def _room(self) -> int:
        """Words in one pass. A GPU says when it is full; for a CPU it is reckoned."""
        going = [run for run in self.runs if not run.over]
        if not going or going[0].model.device.type != "cpu":
            return self.at_once
        pixels = max(run.inversion.options.batch for run in going) * going[0].model.resolution ** 2
        return max(1, min(self.at_once, PIXELS_AT_ONCE // pixels))

    def _admit_waiting(self) -> None:
        """Take in those whose turn it is, while they want the same base model; others must not wait for ever."""
        moment = time.monotonic()
        if moment - self.looked < LOOK_SECONDS or not self.runs:
            return
        if any(run.job.error is not None for run in self.runs):
            return  # what went wrong before runs alone
        self.looked = moment
        while len(self.runs) < self.context.settings.teach_together and not self.shutdown.is_set():
            claim = partial(
                ledger.claim,
                kind="training",
                worker=self.context.name,
                lease_seconds=self.context.settings.lease_seconds,
                base_model=self.base_model,
            )
            if (job := write(self.context.database, claim)) is None:
                return
            log.info("joined", job=job.id, joined_by=job.request_id, together=len(self.runs) + 1)
            self.admit(job)

    def _settle(self, run: TrainingRun, action: Callable[[], None]) -> bool:
        """Run one word's own part; its failure ends that word alone. Returns whether it goes on."""
        if run.over:
            return False
        try:
            action()
        except Interrupted:
            return self._settle(run, run.between_steps)
        except LeaseLost as lost:
            log.warning("lease lost; wrote nothing more", job=run.job.id, reason=str(lost))
            run.over = True
        except Exception as error:  # whatever it is, the row has to say so
            run.over = True
            self._fail(run, error)
        if run.over:
            self.heartbeat.drop(run.lease)
        return not run.over

    def _fail(self, run: TrainingRun, error: Exception) -> None:
        try:
            failures.fail(self.context, run.lease, error)
        except LeaseLost as lost:
            log.warning("lease lost; wrote nothing more", job=run.job.id, reason=str(lost))


def _parts(runs: list[TrainingRun], size: int) -> list[list[TrainingRun]]:
    going = [run for run in runs if not run.over]
    return [going[start : start + size] for start in range(0, len(going), size)]


def _raise(error: Exception) -> None:
    raise error
