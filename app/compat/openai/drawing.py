"""The drawing that an OpenAI client waits for: begun, waited for, cancelled, and how it ended."""

from contextlib import suppress
from typing import Any

import structlog

from app.accounts.principal import Principal
from app.compat.openai.request import ImageRequest
from app.contracts.generation import GenerationSpec
from app.core.errors import Conflict, InvalidInput, NotReady, OnewordError
from app.generation.sizes import SizeRefused
from app.generation.submission import draw
from app.jobs import service as jobs
from app.jobs.models import Job
from app.services import Services

log = structlog.get_logger(__name__)


def submit(services: Services, request: ImageRequest) -> str:
    """Queue the generation. Returns the job's id."""
    try:
        return draw(services, request.principal, request.generation, request.key, request.files)
    except SizeRefused as error:  # the examples of the clients ask for 1024x1024
        error.detail = f'{error.reason} Send size="{error.nearest}", or size="auto" for {error.own}.'
        raise


def spec_of(services: Services, principal: Principal, job_id: str) -> GenerationSpec:
    """What the job draws."""
    with services.database.reading() as session:
        return GenerationSpec.model_validate(jobs.get(session, principal.team_id, job_id).spec)


def must_have_succeeded(job: Job) -> None:
    """Raise the error that the job ended with, or NotReady if it has not ended."""
    if job.state != "succeeded":
        raise _not_drawn(job.state, job.error, job.generation_id)


def cancel(services: Services, principal: Principal, job_id: str) -> None:
    """Cancel a drawing that nobody waits for any more, unless it has ended meanwhile."""
    with suppress(Conflict), services.database.transaction() as session:
        jobs.cancel(session, principal, job_id, keep=False)
        log.info("cancelled: the client closed its connection", job=job_id)


def _not_drawn(state: str, error: dict[str, Any] | None, generation_id: str | None) -> OnewordError:
    if state == "failed" and error is not None:
        kind = InvalidInput if error["status"] < 500 else OnewordError
        return kind(error["detail"], code=error["type"].removeprefix("/problems/"))
    if state == "cancelled":
        return Conflict("Somebody cancelled this drawing. Ask for it again.", code="job-cancelled")
    return NotReady(
        f"The drawing still waits or runs. It goes on: look at /api/generations/{generation_id} for it.",
        code="still-drawing",
    )
