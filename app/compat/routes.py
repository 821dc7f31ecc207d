"""What the OpenAI clients call. `base_url` is the studio's address with `/v1`, `api_key` a bearer token of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Member, Viewer
from app.compat import service
from app.compat.errors import OpenAIRoute, in_their_words
from app.compat.schemas import ImagesIn, ImagesOut, ModelList, ModelOut
from app.dependencies import ServicesOf
from app.errors import InvalidInput, OnewordError
from app.generation.service import draw
from app.generation.waiting import end_of
from app.problems import problem_response

router = APIRouter(prefix="/v1", tags=["OpenAI"], route_class=OpenAIRoute)

WAIT_SECONDS: Final = 300.0


@router.get("/models")
def list_models(_: Viewer, services: ServicesOf) -> ModelList:
    """The base models that are ready, as the OpenAI clients list models."""
    ready = [model for model in services.catalog.models if model.not_ready_reason is None]
    return ModelList(data=[ModelOut(id=model.id) for model in ready])


@router.post("/images/generations", response_model=ImagesOut, response_model_exclude_none=True)
async def generate_images(
    body: ImagesIn,
    principal: Member,
    services: ServicesOf,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
) -> ImagesOut | Response:
    """Draw, as the OpenAI clients ask for pictures. The answer comes when they are there."""
    asked = service.as_generation(body)
    job_id = await run_in_threadpool(draw, services, principal, asked, idempotency_key)
    await end_of(services, job_id, WAIT_SECONDS)
    try:
        return await run_in_threadpool(service.answer, services, principal, job_id, body.response_format)
    except OnewordError as error:  # the clients try again by themselves, which would draw everything once more
        return problem_response(in_their_words(error), {"x-should-retry": "false"})


@router.post("/images/edits", response_class=Response)
def edit_image(_: Member) -> None:
    """Not possible here: a studio draws from text alone. Answers with a problem that says so."""
    raise InvalidInput(
        "This studio draws from text alone, so it cannot edit a picture. Teach it as a concept, and draw with "
        "/v1/images/generations.",
        field="image",
        code="image-input",
    )
