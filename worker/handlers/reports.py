"""Runs report jobs: draws the report of a learned version again, from the rows that were kept when it failed.

The version goes on meaning what it means; only what is known of it changes. It is judged by
`worker.engine.evaluation`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts import queries
from app.concepts.models import Concept, Picture, Version
from app.contracts.reports import ReportSpec
from app.core.errors import NotFound
from app.jobs import ledger
from app.jobs.ledger import Lease
from app.jobs.models import Job
from worker import failures
from worker.context import WorkerContext
from worker.engine.inversion import EmbeddingCandidate
from worker.generation_priority import no_yield
from worker.handlers.report_files import Reporting, ReportInputs
from worker.handlers.training import Interrupted, as_learned
from worker.lease import LeaseRenewal, write
from worker.shutdown import Shutdown


def draw_again(
    context: WorkerContext, job: Job, shutdown: Shutdown, yield_to_generation: Callable[[], None] = no_yield
) -> None:
    """Run one claimed report job to its end, or hand it back when the worker stops.

    `yield_to_generation` is called between two steps and returns when the report may go on.
    """
    lease = Lease(job.id, job.attempt)
    with LeaseRenewal(context.database, [lease], context.settings.lease_seconds) as heartbeat:
        try:
            Redrawing(context, job, lease, heartbeat, shutdown, yield_to_generation).run()
        except Interrupted:
            if heartbeat.wanted(lease) is not None:
                write(context.database, partial(ledger.finish, lease=lease, state="cancelled"))
            else:
                write(context.database, partial(ledger.hand_back, lease=lease))
        except Exception as error:  # whatever it is, the row has to say so
            failures.fail(context, lease, error)


@dataclass(frozen=True)
class _Wanted:
    """The rows of a version whose report is to be drawn."""

    concept: Concept
    version: Version
    report: dict[str, Any] | None
    pictures: list[Picture]

    @property
    def lacks_it(self) -> bool:
        """Whether nobody has drawn it meanwhile."""
        return self.report is None or bool(self.report.get("failed"))

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What was kept, as `Version.report` names it; the version's own rows come first."""
        version = self.version
        if self.report is None:
            step = version.steps or 0
            return [{"step": step, "evaluation": version.evaluation, "oneword": version.files["oneword"]}]
        chosen = self.report["chosen"]
        return sorted(self.report["checkpoints"], key=lambda each: (each["step"] != chosen, each["step"]))


@dataclass
class Redrawing:
    """One attempt at one report."""

    context: WorkerContext
    job: Job
    lease: Lease
    heartbeat: LeaseRenewal
    shutdown: Shutdown
    yield_to_generation: Callable[[], None]
    warnings: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Draw, store, and show it."""
        self.spec = ReportSpec.model_validate(self.job.spec)
        with self.context.database.reading() as session:
            wanted = self._wanted(session)
        report = self._drawn(wanted) if wanted.lacks_it else None
        write(self.context.database, partial(self._show, report=report))

    def watch(self) -> None:
        """Let drawings pass. Raise Interrupted when the worker stops or nobody wants the report; LeaseLost when it is
        lost."""
        self.yield_to_generation()
        if self.shutdown.is_set() or self.heartbeat.wanted(self.lease) is not None:
            raise Interrupted

    def _wanted(self, session: Session) -> _Wanted:
        """Ownership is checked again when a job is claimed: the concept may be gone."""
        query = (
            select(Version, Concept, Version.report)
            .join(Concept, Concept.id == Version.concept_id)
            .where(Version.id == self.spec.version_id, Version.team_id == self.job.team_id)
            .where(Version.state == "ready", Concept.deleted_at.is_(None))
        )
        found = session.execute(query).one_or_none()
        if found is None:
            raise NotFound("The concept was deleted before its report was drawn, so there is nothing left to draw.")
        version, concept, report = found
        pictures = list(queries.pictures(session, self.job.team_id, [version.id]))
        if not pictures:
            raise NotFound(
                "The pictures were deleted before the report was drawn, so there is nothing to compare with."
            )
        return _Wanted(concept, version, report, pictures)

    def _drawn(self, wanted: _Wanted) -> dict[str, Any]:
        self.watch()
        context, concept, storage = self.context, wanted.concept, self.context.storage
        pictures = [as_learned(storage, each.key, each.mask_key) for each in wanted.pictures]
        lesson = ReportInputs(concept.placeholder, wanted.version.initializer, concept.kind, pictures, metadata={})
        candidates = [
            EmbeddingCandidate(each["step"], each["evaluation"], context.embedding_cache.get(each["oneword"]["key"]))
            for each in wanted.kept
        ]
        files = {each["step"]: {"oneword": each["oneword"]} for each in wanted.kept}
        folder = f"jobs/{self.job.id}/attempt-{self.lease.attempt}/report"
        reporting = Reporting(storage, folder, context.scorer, self.watch, self.warnings)
        return reporting.draw_again(context.base_model(self.spec.base_model), lesson, candidates, files)

    def _show(self, session: Session, report: dict[str, Any] | None) -> None:
        """In one fenced transaction: the version has its report, and the job has succeeded."""
        if report is not None:
            version = session.get_one(Version, self.spec.version_id, populate_existing=True)
            version.take_report(report)
            if "step" in (version.origin or {}):  # its face in the library is one of these drawings
                steps = [drawing["step"] for drawing in report["drawings"]]
                version.origin = {**(version.origin or {}), "drawing": steps.index(report["chosen"])}
            session.flush()
        ledger.record(session, self.lease, [("warning", {"detail": warning}) for warning in self.warnings])
        ledger.finish(session, self.lease, "succeeded")
