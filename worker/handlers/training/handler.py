"""Training jobs: the five methods of their handler."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.concepts.models import Version
from app.concepts.versions import VersionResult
from app.contracts.jobs import Kind, State
from app.contracts.training import TrainingSpec
from app.core.errors import NotFound
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.engine.errors import UserError
from worker.generation_priority import no_yield
from worker.handlers.report_files import stored_candidates
from worker.handlers.training.earlier_trainings import stops_before
from worker.handlers.training.pictures import as_trained
from worker.handlers.training.training_batch import Run, TrainingBatch
from worker.handlers.training.training_record import TrainingRecord, forget_checkpoint
from worker.handlers.training.training_run import Trained, TrainingRun, start_inversion
from worker.runner import Admit

log = structlog.get_logger(__name__)


@dataclass
class TrainingHandler:
    """Trains claimed concepts together. `yield_to_generation` is called between two steps of training or evaluation,
    and returns when the next one may start."""

    context: WorkerContext
    yield_to_generation: Callable[[], None] = no_yield
    kind: Kind = "training"

    def claim_mates(self, session: Session, leader: Job) -> list[Job]:
        """None: a batch admits others one by one, between two of its steps."""
        return []

    def prepare(self, run: Run) -> TrainingRun:
        """Load the model and the pictures, and what an earlier attempt left: candidates, a checkpoint, or nothing."""
        spec, context = TrainingSpec.model_validate(run.job.spec), self.context
        record = TrainingRecord(run, spec)
        work = TrainingRun(
            run=run,
            spec=spec,
            record=record,
            model=context.base_model(spec.base_model),
            pictures=[as_trained(context.storage, picture.key, picture.mask_key) for picture in spec.pictures],
            stops_before=run.read(partial(stops_before, team_id=run.job.team_id, spec=spec)),
        )
        work.trained = self._trained_before(run, record)
        if work.trained is None:
            start_inversion(work)
        return work

    def compute(self, runs: list[Run], admit: Admit[TrainingRun]) -> None:
        """Train until every run is over; each finishes when its own evaluation is done."""
        TrainingBatch(self.context, runs, admit, self.yield_to_generation).run()

    def finish(self, session: Session, run: Run) -> None:
        """Make the version ready, with the candidate that the evaluation chose."""
        assert run.work.trained is not None
        run.work.record.finish(session, run.work.trained.result, run.work.share)

    def release(self, session: Session, run: Run, state: State) -> None:
        """A cancelled training needs no checkpoint. Other attempts go on from it."""
        if state == "cancelled":
            key = run.work.record.checkpoint_key if hasattr(run, "work") else run.job.checkpoint_key
            forget_checkpoint(session, run, key)

    def _trained_before(self, run: Run, record: TrainingRecord) -> Trained | None:
        """The candidates that an earlier attempt stored with the version, if it came so far."""
        team_id, version_id = run.job.team_id, record.spec.version_id
        found = run.read(partial(concepts.version_in_library, team_id=team_id, version_id=version_id))
        if found is None or not found[0].files:
            return None
        version = found[0]
        try:
            candidates = stored_candidates(version, self.context.embedding_cache.get)
        except (NotFound, UserError) as error:
            # The blobs are gone or damaged, as in a studio that was restored from a backup.
            log.warning("stored candidates not usable; training again", job=run.job.id, reason=str(error))
            record.drop_result()
            return None
        return Trained(candidates, _result_of(version), version.report)


def _result_of(version: Version) -> VersionResult:
    return VersionResult(
        files=version.files,
        vectors=version.vectors,
        steps=version.steps,
        evaluation=version.evaluation,
        seconds=version.seconds,
        base_model_hash=version.base_model_hash,
        report=version.report,
        sample_image_id=version.sample_image_id,
    )
