"""Report jobs: draw the report of a trained version again, from the candidates that were stored when it failed.

The version keeps its embedding; only its report changes. How candidates are judged is in `worker.engine.evaluation`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.concepts.models import Concept, Picture, Version
from app.contracts.jobs import Kind, State
from app.contracts.reports import ReportSpec
from app.core.errors import NotFound
from app.jobs import ledger
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.engine.stepwise import run_to_end
from worker.generation_priority import no_yield
from worker.handlers.report_files import (
    Document,
    ReportInputs,
    ReportWriter,
    files_of,
    stored_candidates,
    stored_checkpoints,
)
from worker.handlers.training.pictures import as_trained
from worker.job_run import JobRun
from worker.runner import Admit


@dataclass
class ReportSource:
    """The rows that a report is drawn from, and the report once it is drawn."""

    concept: Concept
    version: Version
    pictures: list[Picture]
    report: Document | None = None
    warnings: list[str] = field(default_factory=list)


ReportRun = JobRun[ReportSource]


@dataclass
class ReportHandler:
    """Draws one report at a time. `yield_to_generation` is called between two denoising steps."""

    context: WorkerContext
    yield_to_generation: Callable[[], None] = no_yield
    kind: Kind = "report"

    def claim_mates(self, session: Session, leader: Job) -> list[Job]:
        """None: a report shares nothing with another."""
        return []

    def prepare(self, run: ReportRun) -> ReportSource:
        """Read the version and its pictures."""
        spec, team_id = ReportSpec.model_validate(run.job.spec), run.job.team_id
        found = run.read(partial(concepts.version_in_library, team_id=team_id, version_id=spec.version_id))
        pictures = run.read(lambda session: list(concepts.pictures(session, team_id, [spec.version_id])))
        if found is None or found[0].state != "ready":
            raise NotFound("The version is not ready any more, so there is no report to draw.", code="not-learned")
        if not pictures:
            raise NotFound(
                "The pictures were deleted before the report was drawn, so there is nothing to compare with.",
                code="no-pictures",
            )
        return ReportSource(concept=found[1], version=found[0], pictures=pictures)

    def compute(self, runs: list[ReportRun], admit: Admit[ReportSource]) -> None:
        """Draw the report of each run."""
        for run in runs:
            if not run.work.version.report_is_complete:  # another job may have drawn it meanwhile
                run.guard(partial(self._draw, run))

    def finish(self, session: Session, run: ReportRun) -> None:
        """Store the report with the version."""
        report, version_id = run.work.report, run.work.version.id
        found = concepts.version_in_library(session, run.job.team_id, version_id)
        if report is not None and found is not None:
            version = found[0]
            version.set_report(report)
            if "step" in (version.origin or {}):  # its sample in the library is one of these drawings
                steps = [drawing["step"] for drawing in report["drawings"]]
                version.origin = {**(version.origin or {}), "drawing": steps.index(report["chosen"])}
            session.flush()
        ledger.record(session, run.lease, [("warning", {"detail": warning}) for warning in run.work.warnings])

    def release(self, session: Session, run: ReportRun, state: State) -> None:
        """Nothing: the sweep removes the drawings of an attempt that did not end."""

    def _draw(self, run: ReportRun) -> None:
        context, work = self.context, run.work
        pictures = [as_trained(context.storage, each.key, each.mask_key) for each in work.pictures]
        concept, version = work.concept, work.version
        own = (version.report or {}).get("own_prompts", ())
        inputs = ReportInputs(
            concept.placeholder, version.initializer, concept.kind, pictures, metadata={}, prompts=own
        )
        candidates = stored_candidates(version, context.embedding_cache.get)
        files = files_of(stored_checkpoints(version))
        writer = ReportWriter(context.storage, run.key("report"), context.scorer, work.warnings)
        steps = writer.rerender(context.base_model(version.base_model), inputs, candidates, files)
        work.report = run_to_end(steps, lambda _: self._between_steps(run))

    def _between_steps(self, run: ReportRun) -> None:
        self.yield_to_generation()
        run.raise_if_stopped()
