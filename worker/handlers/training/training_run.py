"""One training job on a worker: training, then trained and stored, then evaluated.

    training ── last step ──▶ trained: candidates are stored with the version ── evaluation ──▶ evaluated

From "trained" on nothing can lose the concept: a preview, a sample or a report that fails costs itself, and a worker
that dies leaves candidates with which the next attempt finishes. Knows nothing of the other runs of a batch.
"""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from PIL import Image as Pillow
from torch import Tensor

from app.concepts.versions import VersionResult
from app.contracts.training import TrainingSpec
from app.core.errors import LeaseLost, NotFound
from app.jobs.ledger import WORKER_LOST
from worker import embedding_files
from worker.engine.base_models import BaseModel
from worker.engine.embeddings.formats import Embedding
from worker.engine.generation import DenoisingStep, Request, SamplerSettings, denoise
from worker.engine.inversion import Checkpoint, EmbeddingCandidate, Inversion, InversionError, Options, TrainingStep
from worker.handlers.report_files import Document, ReportInputs, ReportWriter, files_of
from worker.handlers.training.earlier_trainings import likely_last_step
from worker.handlers.training.provenance import provenance
from worker.handlers.training.training_record import TrainingRecord
from worker.job_run import JobRun, ShuttingDown

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 0.5  # between two progress events
STEPS_BEFORE_ESTIMATE = 5
PREVIEWS_AT = (0, 25, 50, 100, 200, 400, 800, 1600, 3000)
PREVIEW_SEED = 7
PREVIEW_PROMPT = {"object": "a photo of {}", "style": "a cat in the style of {}"}
NOT_DRAWN_YET = "It has not been drawn yet."
WORKER_DIED = "The worker died while it drew this report. Draw it again."


@dataclass
class Trained:
    """A concept whose candidates are stored with its version. The preferred candidate comes first."""

    candidates: Sequence[EmbeddingCandidate]
    result: VersionResult  # the version as it would be without an evaluation
    report: Document | None  # names the stored candidates; None if there was no room for more than the preferred one


@dataclass
class TrainingRun:
    """The work of one training job."""

    run: JobRun["TrainingRun"]
    spec: TrainingSpec
    record: TrainingRecord
    model: BaseModel
    pictures: Sequence[Pillow.Image]
    stops_before: Sequence[int] = ()  # steps of the team's earlier trainings that stopped by themselves
    inversion: Inversion | None = None  # None if an earlier attempt trained the concept
    trained: Trained | None = None
    evaluated: bool = False
    used: float = 0.0  # seconds of the device that were this run's own

    def __post_init__(self) -> None:
        self.began = self.reported = self.saved = time.monotonic()
        self.stop_early = False  # somebody asked to stop and to keep the best so far
        self._evaluation: Generator[DenoisingStep, None, None] | None = None

    # --- training -----------------------------------------------------------------------------------------------------

    def begin(self, inversion: Inversion, step: TrainingStep, *, resumed: bool) -> None:
        """Start at the initializer, or where an earlier attempt left off."""
        self.inversion, self.step = inversion, step
        self.first = step.number
        self.paced_from = (self.first, time.monotonic())
        self.shown = step.number if resumed else -1  # the step of the newest preview

    @property
    def done(self) -> bool:
        """Whether no further training step is to be taken."""
        return self.trained is not None or self.step.last or self.stop_early

    @property
    def share(self) -> float:
        """This run's share of the worker's time since it began, 0..1."""
        return min(1.0, self.used / max(time.monotonic() - self.began, 1e-6))

    @property
    def preview_due(self) -> bool:
        """Whether the concept should be drawn as it is now."""
        return not self.done and self.step.number in PREVIEWS_AT and self.shown != self.step.number

    def preview_request(self) -> Request:
        """The engine's request for a preview."""
        assert self.inversion is not None
        return self._request(self.inversion.embedding)

    def show_preview(self, picture: Pillow.Image) -> None:
        """Store the preview of this step."""
        self.shown = self.step.number
        self.record.preview(picture, self.step.number, self._prompt, PREVIEW_SEED)

    def skip_preview(self, error: Exception) -> None:
        """A preview that fails costs itself."""
        log.warning("no preview", job=self.run.job.id, step=self.step.number, exc_info=error)
        self.shown = self.step.number
        self.record.warnings.append("A preview could not be drawn. The training goes on.")

    def take_step(self, loss: Tensor) -> None:
        """Move the rows along their gradient."""
        assert self.inversion is not None
        self.step = self.inversion.take_step(loss)
        if self.step.number == self.first + 1:
            self.paced_from = (self.step.number, time.monotonic())
        self.record.warnings.extend(self.step.warnings)

    def between_steps(self) -> None:
        """Stop if somebody wants it; otherwise save and report when it is time.

        Raises JobCancelled, ShuttingDown (after a checkpoint was saved) or LeaseLost.
        """
        try:
            self.run.raise_if_stopped()
        except ShuttingDown:
            self._save()
            self._report(time.monotonic())  # without the stage: the report was not what ended this attempt
            raise
        if self.trained is not None:
            return
        self.stop_early = self.run.cancellation == "keep"
        moment = time.monotonic()
        if moment - self.saved >= self.run.context.settings.checkpoint_seconds:
            self._save()
            self.saved = moment
        if moment - self.reported >= PROGRESS_SECONDS or self.done:
            self._report(moment)

    def _save(self) -> None:
        if self.inversion is not None and self.trained is None:
            self.record.checkpoint(self.inversion.checkpoint(), self.step.number)

    def _report(self, moment: float, *, evaluating: bool = False) -> None:
        self.record.progress(self._progress(moment, evaluating=evaluating), self.share)
        self.reported = moment

    def _progress(self, moment: float, *, evaluating: bool) -> dict[str, object]:
        stage = {"stage": "report"} if evaluating else {}
        if self.inversion is None:  # an earlier attempt took the steps
            before = {name: value for name, value in (self.run.job.progress or {}).items() if name != "stage"}
            return {**before, "seconds_left": None, "seconds_likely": None, **stage}
        each = None if evaluating else self._seconds_of_a_step(moment)
        loss = self.step.loss_value()
        return {
            "step": self.step.number,
            "steps_max": self.inversion.steps_max,
            "loss": loss if math.isfinite(loss) else None,  # no JSON can hold another number
            "evaluation": self.step.evaluation,
            "seconds_left": None if each is None else each * (self.inversion.steps_max - self.step.number),
            "seconds_likely": None if each is None else self._seconds_likely(each),
            **stage,
        }

    def _seconds_of_a_step(self, moment: float) -> float | None:
        """The pace since the first step, so without the loading before; None while it is a guess."""
        first, since = self.paced_from
        done = self.step.number - first
        return None if done < STEPS_BEFORE_ESTIMATE else (moment - since) / done

    def _seconds_likely(self, each: float) -> float | None:
        """Seconds until the training probably stops by itself; None if no earlier training says when."""
        assert self.inversion is not None
        last = likely_last_step(self.stops_before, self.step.number, self.inversion.steps_max)
        return None if last is None else each * (last - self.step.number)

    # --- trained ------------------------------------------------------------------------------------------------------

    def keep_trained(self) -> None:
        """Store every candidate with the version. From here on the concept cannot be lost."""
        if self.trained is None:
            assert self.inversion is not None
            candidates = self.inversion.candidates
            files = self._store(candidates[0])
            stored = {candidates[0].number: files}
            report = self._writer.store_candidates(self._inputs, candidates, stored, NOT_DRAWN_YET)
            result = self._result(candidates[0], files, report)
            self.record.store_result(result)
            self.trained = Trained(candidates, result, report)
        self._report(time.monotonic(), evaluating=True)
        self._evaluation = self._evaluate(self.trained)

    def evaluate_step(self) -> None:
        """One denoising step of the evaluation. `evaluated` is true after the last one."""
        assert self._evaluation is not None
        try:
            next(self._evaluation)
        except StopIteration:
            self.evaluated = True

    def _evaluate(self, trained: Trained) -> Generator[DenoisingStep, None, None]:
        """Choose the version's candidate by the scores of its drawings, and draw a sample with it."""
        chosen, report, files = trained.candidates[0], trained.report, trained.result.files
        if report is not None and self._died_here_before:
            report = {**report, "failed": WORKER_DIED}
        elif report is not None:
            chosen, report = yield from self._writer.choose(self.model, self._inputs, trained.candidates, report)
            files = dict(files_of(report["checkpoints"])[chosen.number])
        if not self._died_here_before:
            yield from self._sample(chosen.embedding)
        seconds = trained.result.seconds if self.inversion is None else time.monotonic() - self.began
        sample = trained.result.sample_image_id if self.record.sample is None else self.record.sample.id
        trained.result = replace(
            trained.result,
            files=files,
            evaluation=chosen.evaluation,
            seconds=seconds,
            report=report,
            sample_image_id=sample,
        )

    def _sample(self, embedding: Embedding) -> Generator[DenoisingStep, None, None]:
        """Draw the picture that represents the concept in the library."""
        try:
            settings = SamplerSettings.for_model(self.model)
            (picture,) = yield from denoise(self.model, [self._request(embedding)], settings)
            step = self.trained.result.steps if self.trained is not None else None
            self.record.preview(picture, step or 0, self._prompt, PREVIEW_SEED)
        except LeaseLost:
            raise
        except Exception as error:  # no error here may fail the job: the concept is trained
            log.warning("no sample", job=self.run.job.id, exc_info=error)
            self.record.warnings.append("The sample picture could not be drawn; the word itself is fine.")

    @property
    def _died_here_before(self) -> bool:
        """Whether the worker of the attempt before died in the report. If so, another try may kill this worker too."""
        job = self.run.job
        return (job.error or {}).get("type") == WORKER_LOST and (job.progress or {}).get("stage") == "report"

    def _store(self, candidate: EmbeddingCandidate) -> dict[str, Any]:
        """Store a candidate as the version's file. Raises StorageFull."""
        metadata = {**self._inputs.metadata, "steps": str(candidate.number)}
        storage, folder = self.run.context.storage, self.run.key("embedding")
        return embedding_files.store(storage, folder, candidate.embedding, self.spec.placeholder, metadata)

    def _result(self, chosen: EmbeddingCandidate, files: dict[str, Any], report: Document | None) -> VersionResult:
        return VersionResult(
            files=files,
            vectors=chosen.embedding.vectors,
            steps=self.step.number,
            evaluation=chosen.evaluation,
            seconds=time.monotonic() - self.began,
            base_model_hash=self.model.weights_hash,
            report=report,
            sample_image_id=None if self.record.sample is None else self.record.sample.id,
        )

    @property
    def _writer(self) -> ReportWriter:
        context = self.run.context
        return ReportWriter(context.storage, self.run.key("report"), context.scorer, self.record.warnings)

    @property
    def _inputs(self) -> ReportInputs:
        spec = self.spec
        metadata = {} if self.inversion is None else provenance(spec, self.model, self.inversion.options)
        prefer = spec.prefer or "balance"
        return ReportInputs(
            spec.placeholder, spec.initializer, spec.kind, self.pictures, metadata, prefer, spec.prompts
        )

    @property
    def _prompt(self) -> str:
        return PREVIEW_PROMPT[self.spec.kind].format(self.spec.placeholder)

    def _request(self, embedding: Embedding) -> Request:
        return Request(prompt=self._prompt, concepts={self.spec.placeholder: embedding}, seed=PREVIEW_SEED)


def start_inversion(work: TrainingRun) -> None:
    """Go on from the job's checkpoint; from the initializer if there is none or if it cannot be used.

    A checkpoint may be missing in a studio that was restored from a backup, and may be unusable after an update.
    """
    checkpoint = _stored_checkpoint(work)
    inversion = _inversion(work)
    try:
        step = inversion.begin(checkpoint)
    except InversionError as error:
        if checkpoint is None:
            raise
        work.record.warnings.append(f"The training starts anew. {error}")
        checkpoint, inversion = None, _inversion(work)
        step = inversion.begin()
    work.begin(inversion, step, resumed=checkpoint is not None)


def _stored_checkpoint(work: TrainingRun) -> Checkpoint | None:
    key = work.record.checkpoint_key
    try:
        return None if key is None else work.run.context.storage.get(key)
    except NotFound:
        work.record.warnings.append("The training starts anew: its checkpoint is not in the storage any more.")
        return None


def _inversion(work: TrainingRun) -> Inversion:
    options = Options.for_model(work.model, kind=work.spec.kind, **work.spec.set_options())
    if work.spec.prefer == "likeness":
        options = options.patient()
    shown = [picture.caption for picture in work.spec.pictures]
    return Inversion(work.model, work.pictures, work.spec.initializer, options, shown)
