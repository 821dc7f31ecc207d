"""Requests that wait for the end of a job: with `?wait=`, or because another tool's clients expect the result at once.

Nobody who waits holds a database connection.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Annotated, Any, Final, Protocol, TypeVar

import structlog
from fastapi import Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal, scopes_now
from app.accounts.scopes import Scope
from app.contracts.jobs import FINAL
from app.core.errors import Conflict, InvalidInput, NotReady, NotSignedIn, OnewordError
from app.jobs import service as jobs
from app.jobs.models import Job
from app.pictures.fair_turns import SENDER
from app.services import Services

log = structlog.get_logger(__name__)

Wait = Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the end of the job before answering.")]
# The caller needs one of these scopes for as long as it waits for a drawing, or for anything that is taught.
DRAWING: Final[tuple[Scope, ...]] = ("draw", "read")
TEACHING: Final[tuple[Scope, ...]] = ("teach", "read")


class HasState(Protocol):
    """A job, as an answer shows it."""

    @property
    def state(self) -> str: ...


class AboutJob(Protocol):
    """An answer with a job."""

    @property
    def job(self) -> HasState: ...


Answer = TypeVar("Answer", bound=AboutJob)


async def answered(
    services: Services,
    principal: Principal,
    job_id: str,
    wait: float,
    describe: Callable[[], Answer],
    response: Response,
    any_of: tuple[Scope, ...] = TEACHING,
) -> Answer:
    """What `describe` says once the job has ended, with 200; or after `wait` seconds, with 202."""
    if wait:
        await end_of(services, principal, job_id, wait, any_of)
    answer = await run_in_threadpool(describe)
    if answer.job.state in FINAL:
        response.status_code = status.HTTP_200_OK
    return answer


def ended(shape: type[Any]) -> dict[int | str, dict[str, Any]]:
    """What an endpoint declares that takes `wait`."""
    return {200: {"model": shape, "description": "The job has ended: after `wait`, or when a request is repeated."}}


async def end_of(
    services: Services, principal: Principal, job_id: str, seconds: float, any_of: tuple[Scope, ...]
) -> None:
    """Return when the job has ended, or after `seconds`. The caller needs one of the scopes `any_of` for as long as it
    waits.

    Raises NotSignedIn if the token or session has ended meanwhile or its person has left the team, within 5 s of that.
    """
    SENDER.get().decoded()  # the pictures of the request; other uploads of the team need not wait for the job
    watching = services.feed.watch(job_id, 0, principal.credential_id, any_of)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(watching) as chunks:
            async for _ in chunks:
                pass
    await require_right(services, principal, any_of)


async def require_right(services: Services, principal: Principal, any_of: tuple[Scope, ...]) -> None:
    """Raise NotSignedIn if the token or session has lost all of these scopes, or its person has left the team."""
    scopes = await run_in_threadpool(scopes_now, services.database, [principal.credential_id])
    if not set(scopes.get(principal.credential_id, ())) & set(any_of):
        raise NotSignedIn(
            "Your token or session ended while this request waited, or you are no longer in the team. The job goes "
            "on. Sign in again, or send another token."
        )


async def client_stayed(
    services: Services, principal: Principal, job_id: str, seconds: float, request: Request
) -> bool:
    """Wait for a drawing like `end_of`, and no longer than the client does. Returns False if the client closed its
    connection.

    The request's body has to be read before.
    """
    end = asyncio.create_task(end_of(services, principal, job_id, seconds, DRAWING))
    left = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((end, left), return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            end.result()  # raises what it raised
        return end.done()
    finally:
        for task in (end, left):
            task.cancel()
        await asyncio.gather(end, left, return_exceptions=True)


def cancel_unless_ended(services: Services, principal: Principal, job_id: str) -> None:
    """Cancel a job that nobody waits for any more, unless it has ended meanwhile."""
    with suppress(Conflict), services.database.transaction() as session:
        jobs.cancel(session, principal, job_id, keep=False)
        log.info("cancelled: the client closed its connection", job=job_id)


def must_have_succeeded(job: Job, cancelled: str = "Somebody cancelled this drawing. Ask for it again.") -> None:
    """Raise the error that the job ended with, or NotReady if it has not ended. `cancelled` is the sentence of a job
    that was cancelled."""
    if job.state == "failed":
        if job.error is None:
            raise OnewordError("The job failed, and its record does not say why. Try again.", code="job-failed")
        kind = InvalidInput if job.error["status"] < 500 else OnewordError
        raise kind(job.error["detail"], code=job.error["type"].removeprefix("/problems/"))
    if job.state == "cancelled":
        raise Conflict(cancelled, code="job-cancelled")
    if job.state != "succeeded":
        raise NotReady(
            f"The drawing still waits or runs. It goes on: look at /api/generations/{job.generation_id} for it.",
            code="still-drawing",
        )


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
