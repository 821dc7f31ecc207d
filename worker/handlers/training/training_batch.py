"""Concepts that are trained on the same base model share each forward and backward pass.

They are admitted and leave between two steps, and one that fails, is cancelled or loses its lease does not touch the
others. A concept that is trained leaves the passes at once; its evaluation alternates with the training of the others.

Example: <mug> trains since step 0 when <cat> is admitted at its step 40. From then on a pass has the samples of both,
and each concept gets the gradient that it would have got alone. At step 160 <mug> has converged. Its candidates are
stored, and while <cat> goes on, every training step of 0.1 s is followed by about 0.1 s of evaluation of
<mug>. When that is done <mug> is ready, and <cat> has not waited for it. Knows nothing of what a training writes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from worker.context import WorkerContext
from worker.engine.free_memory import release_memory
from worker.engine.generation import DenoisingStep, SamplerSettings, draw
from worker.engine.halving import is_out_of_memory, run_halving
from worker.engine.inversion import PIXELS_AT_ONCE, Inversion, Passes, gradients, too_large
from worker.handlers.training.training_run import TrainingRun
from worker.job_run import JobRun
from worker.runner import Admit

log = structlog.get_logger(__name__)

ADMIT_SECONDS = 1.0  # between two looks at the queue; an idle worker looks at once, so it gets the job first
EVALUATION_SECONDS = 0.25  # of evaluation in one turn while nothing trains

Run = JobRun[TrainingRun]


class PreviewsInterrupted(Exception):
    """The worker is to stop, so the previews are given up."""


@dataclass
class TrainingBatch:
    """The runs that share passes, and those that are evaluated."""

    context: WorkerContext
    runs: list[Run]
    admit: Admit[TrainingRun]
    yield_to_generation: Callable[[], None]
    evaluating: list[Run] = field(default_factory=list)
    last_admission: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.base_model = self.runs[0].work.spec.base_model
        self.shutdown = self.runs[0].shutdown
        self.evaluation_budget = 0.0  # seconds
        self.at_once = self.context.settings.teach_together  # concepts in one pass; lower after memory ran out
        self.passes = Passes()  # what single concepts have been found to need

    def run(self) -> None:
        """Take steps until every run is over. The text encoders stay on the device, since every step needs them."""
        with self.runs[0].work.model.encoders_here():
            while self.runs or self.evaluating:
                self.yield_to_generation()
                self.step()
        self.context.metrics.trained(0.0)

    def step(self) -> None:
        """One optimiser step of every concept that trains, as much time for evaluation, and what is due between."""
        for run in self._members:
            run.guard(run.work.between_steps)
        began = time.monotonic()
        self._preview()
        self._retire_trained()
        self._train()
        seconds = time.monotonic() - began
        self._account(self.runs, seconds)
        self.context.metrics.trained(len(self.runs) / max(seconds, 1e-6))
        self._evaluate(seconds)
        self._admit_waiting()

    def _account(self, runs: list[Run], seconds: float) -> None:
        """Time on the device is shared equally by the runs that used it."""
        for run in runs:
            run.work.used += seconds / len(runs)

    def _preview(self) -> None:
        """Concepts whose preview is due at the same step are drawn in one loop."""
        run_halving(
            [run for run in self.runs if not run.over and run.work.preview_due],
            self._draw_previews,
            on_failure=lambda run, error: run.work.skip_preview(error),
        )

    def _draw_previews(self, runs: list[Run]) -> None:
        model = runs[0].work.model
        requests = [run.work.preview_request() for run in runs]
        try:
            pictures = draw(model, requests, SamplerSettings.for_model(model), on_step=self._stop_previews)
        except PreviewsInterrupted:
            return  # `between_steps` hands the jobs back
        for run, picture in zip(runs, pictures, strict=True):
            run.guard(partial(run.work.show_preview, picture))

    def _stop_previews(self, _: DenoisingStep) -> None:
        if self.shutdown.is_set():
            raise PreviewsInterrupted

    def _retire_trained(self) -> None:
        """Concepts that are trained are stored, and leave the passes."""
        for run in self.runs:
            if not run.over and run.work.done and run.guard(run.work.keep_trained):
                self.evaluating.append(run)
        self.runs = [run for run in self.runs if not run.over and run not in self.evaluating]

    def _train(self) -> None:
        """Forward and backward in passes of as many concepts as fit, then each concept's own optimiser step.

        Concepts that learn from squares of different sizes cannot share a pass.
        """
        of_one_size: dict[int, list[Run]] = {}
        for run in self.runs:
            of_one_size.setdefault(_inversion(run).resolution, []).append(run)
        for runs in of_one_size.values():
            capacity = self._capacity(runs)
            for start in range(0, len(runs), capacity):
                run_halving(
                    runs[start : start + capacity],
                    self._train_pass,
                    on_failure=self._train_alone,
                    on_out_of_memory=self._lower_capacity,
                )

    def _train_alone(self, run: Run, error: Exception) -> None:
        """After a concept failed alone: if memory was short, ways that need less of it; else the end of its job."""
        inversion = _inversion(run)
        while is_out_of_memory(error):
            passes = inversion.passes.smaller(inversion.options.batch)
            if passes is None:
                error = too_large(inversion.model, inversion.resolution)
                break
            log.warning("out of memory; smaller passes from now on", passes=passes)
            self.passes = self.passes.least(passes)
            try:
                self._train_pass([run])
                return
            except Exception as again:
                error = again.with_traceback(None)  # the frames would keep the tensors of the pass
            release_memory()
        run.end(error)

    def _train_pass(self, runs: list[Run]) -> None:
        inversions = [_inversion(run) for run in runs]
        for inversion in inversions:
            inversion.passes = inversion.passes.least(self.passes)
        try:
            losses = gradients(runs[0].work.model, inversions)
        except Exception:
            for inversion in inversions:
                inversion.concept.discard_gradients()
            raise
        for run, loss in zip(runs, losses, strict=True):
            run.guard(partial(run.work.take_step, loss))

    def _lower_capacity(self, runs: list[Run], half: int) -> None:
        self.at_once = half
        log.warning("out of memory; training fewer concepts at once from now on", together=half)

    def _capacity(self, runs: list[Run]) -> int:
        """How many concepts share a pass. A GPU says when it is full; for a CPU it is estimated."""
        inversions = [_inversion(run) for run in runs]
        if inversions[0].model.device.type != "cpu":
            return self.at_once
        samples = max(inversion.options.batch for inversion in inversions)
        return max(1, min(self.at_once, PIXELS_AT_ONCE // (samples * inversions[0].resolution ** 2)))

    def _evaluate(self, seconds: float) -> None:
        """Denoising steps of the evaluation that began first, for as much time as the training has had.

        A step that takes longer is paid for by the next turns. While nothing trains, a turn has a fixed length.
        """
        self.evaluation_budget = self.evaluation_budget + seconds if self.runs else EVALUATION_SECONDS
        while self.evaluating and self.evaluation_budget > 0:
            run = self.evaluating[0]
            self.yield_to_generation()
            began = time.monotonic()
            if run.guard(run.work.evaluate_step) and run.work.evaluated:
                run.guard(run.finish)
            taken = time.monotonic() - began
            self._account([run], taken)
            self.evaluation_budget -= taken
            if run.over:
                self.evaluating.remove(run)
        if not self.evaluating:
            self.evaluation_budget = 0.0

    def _admit_waiting(self) -> None:
        """Admit jobs that are next in the queue and want the same base model, as long as there is capacity.

        A job that went wrong before trains alone, so that one that kills its workers takes no other with it.
        """
        moment, at_most = time.monotonic(), self.context.settings.teach_together
        if moment - self.last_admission < ADMIT_SECONDS:
            return
        self.last_admission = moment
        while 0 < len(self._members) < at_most and not self.shutdown.is_set():
            if any(run.job.error is not None for run in self._members):
                return
            run = self.admit(self.base_model)
            if run is None:
                return
            self.runs.append(run)

    @property
    def _members(self) -> list[Run]:
        return [*self.runs, *self.evaluating]


def _inversion(run: Run) -> Inversion:
    assert run.work.inversion is not None  # it trains
    return run.work.inversion
