"""The endpoints of reports and of the checkpoints that are kept with them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from starlette.concurrency import run_in_threadpool

from app.audit import service as audit
from app.concepts import service as concepts
from app.concepts import views as concept_views
from app.concepts.schemas import ConceptOut
from app.jobs import service as job_service
from app.jobs import views as jobs
from app.reports import rerender, service, views
from app.reports.schemas import ReportJob, ReportOut
from app.web import file_responses
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import MayTeach, Viewer
from app.web.waiting import Wait, answered, ended

router = APIRouter(prefix="/api/concepts/{concept_id}/versions/{number}", tags=["concepts"], route_class=BoundedRoute)

Number = Annotated[int, Path(ge=0, le=1_000_000)]


@router.get("/report")
def get_report(concept_id: str, number: Number, principal: Viewer, session: Reading) -> ReportOut:
    """The report of a version: its drawings and scores beside those of the initializer and of the pictures."""
    concept = concepts.get(session, principal.team_id, concept_id)
    return views.describe(session, concept, service.version_of(session, concept, number))


@router.post("/report", status_code=status.HTTP_202_ACCEPTED, responses=ended(ReportJob))
async def draw_report_again(
    concept_id: str,
    number: Number,
    principal: MayTeach,
    services: ServicesOf,
    response: Response,
    wait: Wait = 0,
    idempotency_key: Key = None,
) -> ReportJob:
    """Draw a report that failed at the end of the training. The answer names the job to watch; with `wait` it comes
    when the job has ended. The concept's owner may, and administrators."""
    job = await run_in_threadpool(rerender.rerender_report, services, principal, concept_id, number, idempotency_key)

    def describe() -> ReportJob:
        with services.database.reading() as session:
            return ReportJob(job=jobs.describe(session, job_service.get(session, principal.team_id, job.id)))

    return await answered(services, principal, job.id, wait, describe, response)


@router.get("/report/drawings/{place}", response_class=file_responses.Webp)
def get_report_drawing(
    concept_id: str, number: Number, place: Number, principal: Viewer, services: ServicesOf, session: Reading
) -> Response:
    """One picture of a report."""
    concept = concepts.get(session, principal.team_id, concept_id)
    version = service.version_of(session, concept, number)
    return file_responses.webp(
        services.storage.get(service.drawing_key(concept, version, place)), f"{number}-{place}.webp"
    )


@router.post("/checkpoints/{step}", status_code=status.HTTP_201_CREATED)
def use_checkpoint(
    concept_id: str, number: Number, step: Number, principal: MayTeach, session: UnitOfWork
) -> ConceptOut:
    """Make a kept checkpoint the current version. The checkpoint becomes a new version, unless it is one already. The
    concept's owner may, and administrators."""
    concept = concepts.get_to_change(session, principal, concept_id)
    chosen = service.use_checkpoint(session, concept, service.version_of(session, concept, number), step)
    audit.record(
        session, principal, "concept.version-chosen", concept.id, concept.placeholder, version=chosen.number, step=step
    )
    return concept_views.describe(session, principal, concept)
