"""The endpoints of the queue, and the live stream of a job's events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from app.accounts.principal import Principal
from app.contracts.jobs import FINAL, Kind, State
from app.jobs import queries, service, views
from app.jobs.schemas import Cancellation, JobOut, JobPage
from app.jobs.stream import HEADERS, EventStream
from app.services import Services
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Cursor, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import MayDrawOrTeach, Viewer

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=BoundedRoute)


@router.get("")
def list_jobs(
    principal: Viewer,
    session: Reading,
    state: State | None = None,
    active: Annotated[bool, Query(description="Only jobs that wait or run.")] = False,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> JobPage:
    """The team's jobs, newest first."""
    return views.page(session, principal.team_id, state=state, active=active, kind=kind, cursor=cursor, limit=limit)


@router.get("/{job_id}")
def get_job(job_id: str, principal: Viewer, session: Reading) -> JobOut:
    """One job."""
    return views.describe(session, service.get(session, principal.team_id, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(job_id: str, principal: MayDrawOrTeach, session: UnitOfWork, body: Cancellation | None = None) -> JobOut:
    """Cancel a job. A training can keep its best embedding so far. Members cancel their own, administrators all. A
    token needs the scope that the job was made with: `draw` for drawings, `teach` for everything else."""
    keep = False if body is None else body.keep
    kind = service.get(session, principal.team_id, job_id).kind
    principal.require_scope("draw" if kind == "generation" else "teach")
    return views.describe(session, service.cancel(session, principal, job_id, keep=keep))


def _last_seen(
    job_id: str,
    principal: Viewer,
    services: ServicesOf,
    last_event_id: Annotated[
        int, Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="Continue after this event.")
    ] = 0,
) -> int | None:
    """The id of the last event that the client has; None if the job has ended and the client has every event.

    The session is closed before the stream begins.
    """
    services.viewers.must_have_room(principal.user_id)
    with services.database.reading() as session:
        job = service.get(session, principal.team_id, job_id)
        over = job.state in FINAL and not queries.events_after(session, {job_id: last_event_id})
        return None if over else last_event_id


@router.get("/{job_id}/events", response_class=EventStream)
async def watch_job(
    job_id: str, principal: Viewer, services: ServicesOf, last_seen: Annotated[int | None, Depends(_last_seen)]
) -> EventStream:
    """The live events of a job: `state`, `progress`, `preview`, `image`, `warning`. The stream ends with the job, and
    within five seconds after its token or session has ended."""
    return EventStream(_events(services, principal, job_id, last_seen), headers=HEADERS)


async def _events(services: Services, principal: Principal, job_id: str, last_seen: int | None) -> AsyncIterator[bytes]:
    if last_seen is None:
        return
    with services.viewers.watching(principal.user_id):
        async for chunk in services.feed.watch(job_id, last_seen, principal.credential_id):
            yield chunk.content
