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
from worker.context import Studio
from worker.engine.generation import Settings, Step, draw
from worker.engine.inversion import gradients
from worker.generation_priority import press_on
from worker.handlers.training.training_run import Interrupted, Teaching
from worker.lease import Heartbeat, write
from worker.shutdown import Stopping

log = structlog.get_logger(__name__)

PIXELS_AT_ONCE = 4 * 512 * 512  # of all samples in one pass on a CPU, whose machine would swap before it complained
LOOK_SECONDS = 1.0  # how often the queue is asked for newcomers; an idle worker asks at once, so it comes first


def teach(studio: Studio, job: Job, stopping: Stopping, give_way: Callable[[], None] = press_on) -> None:
    """Run a claimed training job to its end, and in its company others that wait for the same base model.

    `give_way` is called between two steps, of learning and of drawing the report, and returns when they may go on.
    """
    with Heartbeat(studio.database, [], studio.settings.lease_seconds) as heartbeat:
        company = Company(studio, str(job.spec["base_model"]), heartbeat, stopping, give_way)
        company.join(job)
        while company.members:
            give_way()
            company.step()
        studio.figures.taught(0.0)


@dataclass
class Company:
    """The words that are being learned at the moment."""

    studio: Studio
    base_model: str
    heartbeat: Heartbeat
    stopping: Stopping
    give_way: Callable[[], None]
    members: list[Teaching] = field(default_factory=list)
    looked: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.at_once = self.studio.settings.teach_together  # words in one pass; halved when memory runs out

    def join(self, job: Job) -> None:
        """Take in a job that was claimed for this worker."""
        lease = Lease(job.id, job.attempt)
        self.heartbeat.add(lease)
        newcomer = Teaching(self.studio, job, lease, self.heartbeat, self.stopping, self.give_way)
        if self._settle(newcomer, newcomer.begin):
            self.members.append(newcomer)

    def step(self) -> None:
        """One optimiser step of every word, and whatever is due between two steps."""
        began = time.monotonic()
        self._between()
        self._preview()
        self._leave()
        self._learn()
        self._share(time.monotonic() - began)
        self._welcome()

    def _share(self, seconds: float) -> None:
        """What a step took of the device is the members' in equal parts."""
        for member in self.members:
            member.used += seconds / len(self.members)
        self.studio.figures.taught(len(self.members) / max(seconds, 1e-6))

    def _between(self) -> None:
        for member in self.members:
            self._settle(member, member.between_steps)

    def _preview(self) -> None:
        """Words whose picture is due at the same step are drawn in one loop."""
        due = [member for member in self.members if not member.over and member.preview_due]
        if not due:
            return
        model = due[0].model
        try:
            pictures = draw(model, [member.preview() for member in due], Settings.for_model(model), on_step=self._go_on)
        except Interrupted:
            return  # the next look between two steps says what for
        except Exception as error:  # the loop is shared, so what broke it broke it for all
            for member in due:
                self._settle(member, partial(_raise, error))
            return
        for member, picture in zip(due, pictures, strict=True):
            self._settle(member, partial(member.show, picture))

    def _go_on(self, _: Step) -> None:
        if self.stopping.is_set():
            raise Interrupted

    def _leave(self) -> None:
        for member in self.members:
            if not member.over and member.done:
                self._settle(member, member.finish)
        self.members = [member for member in self.members if not member.over]

    def _learn(self) -> None:
        """Forward and backward together, then each word for itself. What breaks a pass is looked for in its halves."""
        passes = deque(_parts(self.members, self._room()))
        while passes:
            part = passes.popleft()
            try:
                losses = gradients(part[0].model, [member.inversion for member in part])
            except Exception as error:
                for member in part:
                    member.inversion.word.forget_gradients()
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
                for member, loss in zip(part, losses, strict=True):
                    self._settle(member, partial(member.take_step, loss))

    def _room(self) -> int:
        """Words in one pass. A GPU says when it is full; for a CPU it is reckoned."""
        going = [member for member in self.members if not member.over]
        if not going or going[0].model.device.type != "cpu":
            return self.at_once
        pixels = max(member.inversion.options.batch for member in going) * going[0].model.resolution ** 2
        return max(1, min(self.at_once, PIXELS_AT_ONCE // pixels))

    def _welcome(self) -> None:
        """Take in those whose turn it is, while they want the same base model; others must not wait for ever."""
        moment = time.monotonic()
        if moment - self.looked < LOOK_SECONDS or not self.members:
            return
        if any(member.job.error is not None for member in self.members):
            return  # what went wrong before runs alone
        self.looked = moment
        while len(self.members) < self.studio.settings.teach_together and not self.stopping.is_set():
            claim = partial(
                ledger.claim,
                kind="training",
                worker=self.studio.name,
                lease_seconds=self.studio.settings.lease_seconds,
                base_model=self.base_model,
            )
            if (job := write(self.studio.database, claim)) is None:
                return
            log.info("joined", job=job.id, joined_by=job.request_id, together=len(self.members) + 1)
            self.join(job)

    def _settle(self, member: Teaching, action: Callable[[], None]) -> bool:
        """Run one word's own part; its failure ends that word alone. Returns whether it goes on."""
        if member.over:
            return False
        try:
            action()
        except Interrupted:
            return self._settle(member, member.between_steps)
        except LeaseLost as lost:
            log.warning("lease lost; wrote nothing more", job=member.job.id, reason=str(lost))
            member.over = True
        except Exception as error:  # whatever it is, the row has to say so
            member.over = True
            self._fail(member, error)
        if member.over:
            self.heartbeat.drop(member.lease)
        return not member.over

    def _fail(self, member: Teaching, error: Exception) -> None:
        try:
            failures.fail(self.studio, member.lease, error)
        except LeaseLost as lost:
            log.warning("lease lost; wrote nothing more", job=member.job.id, reason=str(lost))


def _parts(members: list[Teaching], size: int) -> list[list[Teaching]]:
    going = [member for member in members if not member.over]
    return [going[start : start + size] for start in range(0, len(going), size)]


def _raise(error: Exception) -> None:
    raise error
