"""The queue over REST, and a job's events as they happen."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from app.accounts.principal import Member, Viewer
from app.contracts.jobs import FINAL, Kind, State
from app.jobs import queries, service
from app.jobs.schemas import Cancellation, JobOut, JobPage
from app.jobs.stream import HEADERS, EventStream
from app.web.dependencies import Reading, Services, ServicesOf, UnitOfWork

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    principal: Viewer,
    session: Reading,
    state: State | None = None,
    active: Annotated[bool, Query(description="Only jobs that wait or run.")] = False,
    kind: Kind | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> JobPage:
    """The team's jobs, newest first."""
    return service.page(session, principal.team_id, state=state, active=active, kind=kind, cursor=cursor, limit=limit)


@router.get("/{job_id}")
def get_job(job_id: str, principal: Viewer, session: Reading) -> JobOut:
    """One job."""
    return service.describe(session, service.get(session, principal.team_id, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(job_id: str, principal: Member, session: UnitOfWork, body: Cancellation | None = None) -> JobOut:
    """Stop a job. Of a training the best so far can be kept."""
    keep = False if body is None else body.keep
    return service.describe(session, service.cancel(session, principal.team_id, job_id, keep=keep))


def _place(
    job_id: str,
    principal: Viewer,
    services: ServicesOf,
    last_event_id: Annotated[
        int, Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="Go on behind this event.")
    ] = 0,
) -> int | None:
    """Where to begin, None when all was seen. Its session is closed before the stream begins."""
    services.viewers.must_have_room(principal.user_id)
    with services.database.reading() as session:
        job = service.get(session, principal.team_id, job_id)
        over = job.state in FINAL and not queries.events_after(session, {job_id: last_event_id})
        return None if over else last_event_id


@router.get("/{job_id}/events", response_class=EventStream)
async def watch_job(
    job_id: str, principal: Viewer, services: ServicesOf, place: Annotated[int | None, Depends(_place)]
) -> EventStream:
    """A job's events as they happen: `state`, `progress`, `preview`, `image`, `warning`. Ends with the job."""
    return EventStream(_told(services, principal.user_id, job_id, place), headers=HEADERS)


async def _told(services: Services, user_id: str, job_id: str, place: int | None) -> AsyncIterator[bytes]:
    if place is None:
        return
    with services.viewers.watching(user_id):
        async for content in services.feed.watch(job_id, place):
            yield content
