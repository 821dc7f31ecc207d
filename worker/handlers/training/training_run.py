"""One attempt at one training job: its word, and what is due between two of its steps.

Who steps it, and in what company, is not its business; nor is how anything is written.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from PIL import Image as Pillow
from torch import Tensor

from app.contracts.training import TrainingSpec
from app.core.errors import NotFound
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import Request, SamplerSettings, draw
from worker.engine.inversion import Checkpoint, Inversion, InversionError, Options, TrainingStep
from worker.generation_priority import no_yield
from worker.handlers.training.ending import Ending, judge
from worker.handlers.training.pictures import as_learned
from worker.handlers.training.provenance import provenance
from worker.handlers.training.training_record import Result, TrainingRecord
from worker.lease import LeaseRenewal, write
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)

REPORT_SECONDS = 0.5
STEPS_BEFORE_GUESSING = 5
PREVIEWS_AT = (0, 25, 50, 100, 200, 400, 800, 1600, 3000)
PREVIEW_SEED = 7
PREVIEW_PROMPT = {"object": "a photo of {}", "style": "a cat in the style of {}"}


class Interrupted(Exception):
    """Something long was given up because the worker stops, or because nobody wants the word any more."""


@dataclass
class TrainingRun:
    """A word on its way. `over` once nothing more is to be done for it here."""

    context: WorkerContext
    job: Job
    lease: Lease
    heartbeat: LeaseRenewal
    shutdown: Shutdown
    yield_to_generation: Callable[[], None] = (
        no_yield  # to be called often by what takes long; returns when it may go on
    )
    over: bool = False
    used: float = 0.0  # seconds of the device, of which others had their part

    def begin(self) -> None:
        """Load everything, and stand where the job was left."""
        self.spec = TrainingSpec.model_validate(self.job.spec)
        self.record = TrainingRecord(self.context, self.job, self.lease, self.spec)
        write(self.context.database, self.record.raise_if_cancelled)
        self.model: BaseModel = self.context.base_model(self.spec.base_model)
        self.began = self.reported = self.saved = time.monotonic()
        storage = self.context.storage
        self.pictures = [as_learned(storage, picture.key, picture.mask_key) for picture in self.spec.pictures]
        self.step: TrainingStep = self._stand(self._checkpoint())
        self.first = self.step.number
        self.paced_from = (self.first, self.began)
        self.kept = False

    def _checkpoint(self) -> Checkpoint | None:
        """What was kept of the job. In a studio restored from a copy it may be missing: it was overtaken meanwhile."""
        key = self.record.checkpoint_key
        try:
            return None if key is None else self.context.storage.get(key)
        except NotFound:
            self.record.warnings.append("The teaching begins anew: what had been kept of it is not there any more.")
            return None

    def _stand(self, checkpoint: Checkpoint | None) -> TrainingStep:
        """Where the job was left; at its start if that cannot be used, as after an update that learns otherwise."""
        self.inversion = Inversion(self.model, self.pictures, self.spec.initializer, self._options())
        try:
            step = self.inversion.begin(checkpoint)
        except InversionError as error:
            if checkpoint is None:
                raise
            self.record.warnings.append(f"The teaching begins anew. {error}")
            return self._stand(None)
        # A resumed word has shown itself at this step already.
        self.shown = -1 if checkpoint is None else step.number
        return step

    def _options(self) -> Options:
        options = Options.for_model(self.model, kind=self.spec.kind, **self.spec.asked())
        return options.patient() if self.spec.prefer == "likeness" else options

    @property
    def done(self) -> bool:
        """Whether the word is learned, or good enough for whoever asked to stop."""
        return self.step.last or self.kept

    @property
    def preview_due(self) -> bool:
        """Whether the word should be seen as it is now."""
        return self.step.number in PREVIEWS_AT and self.shown != self.step.number and not self.done

    def preview(self) -> Request:
        """What a preview draws."""
        return self._request(self.inversion.embedding)

    def show(self, picture: Pillow.Image) -> None:
        """Keep the preview of this step."""
        self.shown = self.step.number
        self.record.preview(picture, self.step.number, self._prompt, PREVIEW_SEED)

    def take_step(self, loss: Tensor) -> None:
        """Move the rows along their gradient."""
        self.step = self.inversion.take_step(loss)
        if self.step.number == self.first + 1:
            self.paced_from = (self.step.number, time.monotonic())
        self.record.warnings.extend(self.step.warnings)

    def between_steps(self) -> None:
        """Hear who wants it to end; otherwise save and report when it is time."""
        wanted = self.heartbeat.wanted(self.lease)
        if wanted == "discard":
            self.record.cancelled()
            self.over = True
            return
        if self.shutdown.is_set():
            self.record.save(self.inversion)
            self.record.hand_back()
            self.over = True
            log.info("handed back", job=self.job.id, step=self.step.number)
            return
        self.kept = wanted == "keep"
        moment = time.monotonic()
        if moment - self.saved >= self.context.settings.checkpoint_seconds:
            self.record.save(self.inversion)
            self.saved = moment
        if moment - self.reported >= REPORT_SECONDS or self.done:
            self._report(moment)

    def _report(self, moment: float, stage: str | None = None) -> None:
        share = min(1.0, self.used / max(moment - self.began, 1e-6))
        left = None if stage else self._seconds_left(moment)
        self.record.progress(self.step, self.inversion.steps_max, left, share=share, stage=stage)
        self.reported = moment

    def _seconds_left(self, moment: float) -> float | None:
        """At the pace since the first step, which everything had to be loaded for; None while that is a guess."""
        first, since = self.paced_from
        done = self.step.number - first
        if done < STEPS_BEFORE_GUESSING:
            return None
        return (self.inversion.steps_max - self.step.number) * (moment - since) / done

    def watch(self) -> None:
        """Let drawings pass. Raise Interrupted when the worker stops or nobody wants the word any more; LeaseLost when
        it is lost."""
        self.yield_to_generation()
        if self.shutdown.is_set() or self.heartbeat.wanted(self.lease) == "discard":
            raise Interrupted

    def finish(self) -> None:
        """Choose the rows that become the word, draw with them, and hand the word over."""
        self._report(time.monotonic(), stage="report")
        metadata = provenance(self.spec, self.model, self.inversion.options)
        ending = Ending(
            self.model, self.spec, self.pictures, self.inversion.candidates, metadata, self.record, self.watch
        )
        verdict = judge(ending)
        request, settings = self._request(verdict.chosen.embedding), SamplerSettings.for_model(self.model)
        (picture,) = draw(self.model, [request], settings, on_step=lambda _: self.watch())
        self.record.preview(picture, self.step.number, self._prompt, PREVIEW_SEED)
        self.record.learned(
            Result(
                embedding=verdict.chosen.embedding,
                evaluation=verdict.chosen.evaluation,
                steps=self.step.number,
                seconds=time.monotonic() - self.began,
                metadata={**metadata, "steps": str(verdict.chosen.number)},
                report=verdict.report,
            )
        )
        self.over = True

    @property
    def _prompt(self) -> str:
        return PREVIEW_PROMPT[self.spec.kind].format(self.spec.placeholder)

    def _request(self, embedding: Embedding) -> Request:
        return Request(prompt=self._prompt, concepts={self.spec.placeholder: embedding}, seed=PREVIEW_SEED)
