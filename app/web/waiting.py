"""`?wait=` on requests that make a job: the answer comes when the job has ended, or when the time is up."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Protocol, TypeVar

from fastapi import Query, Response, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.contracts.jobs import FINAL
from app.generation.waiting import end_of
from app.services import Services

Wait = Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the end of the job before answering.")]
TEACHING: Final[tuple[Scope, ...]] = ("teach", "read")  # of these the one who waits for a teaching keeps at least one


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
