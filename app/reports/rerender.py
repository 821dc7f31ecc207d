"""Queues a new rendering of a version's report, if the rendering at the end of the training failed.

`worker.handlers.reports` draws the report. A complete report is never replaced, because browsers cache its pictures.
"""

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.audit import service as audit
from app.concepts import queries
from app.concepts import service as concepts
from app.concepts.models import Concept, Version
from app.contracts.reports import ReportSpec
from app.core import idempotency
from app.core.errors import Conflict
from app.jobs import queries as job_queries
from app.jobs import service as jobs
from app.jobs.models import Job
from app.reports.service import version_of
from app.services import Services


def rerender_report(services: Services, principal: Principal, concept_id: str, number: int, key: str | None) -> Job:
    """Queue the rendering of a report. While such a job waits or runs, every further request returns that job."""
    team_id, request_hash = principal.team_id, idempotency.hash_request("report", concept_id, str(number))

    def make() -> Job:
        with services.database.transaction() as session:
            if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
                return job
            concept = concepts.get_to_change(session, principal, concept_id)
            version = version_of(session, concept, number)
            _check_renderable(session, concept, version)
            job = job_queries.drawing_report(session, team_id, concept.id, version.id)
            if job is None:
                services.catalog.get(version.base_model)  # raises InvalidInput if it is no longer allowed
                job = _queue(session, services, principal, concept, version)
            jobs.remember_job(session, key, request_hash, job)
            return job

    return idempotency.retry_on_conflict(make)


def _check_renderable(session: Session, concept: Concept, version: Version) -> None:
    """Raise Conflict unless the version is ready, lacks a complete report and has training pictures."""
    subject = f"Version {version.number} of {concept.placeholder}"
    if version.state != "ready":
        raise Conflict(f"{subject} is not learned, so it has nothing to report on.", code="not-learned")
    if version.report_is_complete:
        raise Conflict(f"{subject} already has its report.", code="report-drawn")
    if not queries.pictures(session, concept.team_id, [version.id]):
        raise Conflict(
            f"{subject} has no stored pictures to compare its drawings with. Teach it again with pictures.",
            code="no-pictures",
        )


def _queue(session: Session, services: Services, principal: Principal, concept: Concept, version: Version) -> Job:
    spec = ReportSpec(concept_id=concept.id, version_id=version.id, base_model=version.base_model)
    job = jobs.about_version(principal, f"Drawing the report of {concept.placeholder}", spec)
    jobs.submit(session, job, "report", services.settings)
    audit.record(session, principal, "concept.report-drawn", concept.id, concept.placeholder, version=version.number)
    return job
