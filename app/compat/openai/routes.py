"""The endpoints that the OpenAI clients call. Their `base_url` is the studio's address with `/v1`, their `api_key` a
bearer token."""

from typing import Annotated, Final

from fastapi import APIRouter, File, Response
from starlette.concurrency import run_in_threadpool

from app.compat.openai import service
from app.compat.openai.errors import OpenAIRoute, with_openai_error
from app.compat.openai.schemas import EditIn, ImagesIn, ImagesOut, ModelList, ModelOut
from app.compat.openai.service import ImageRequest
from app.core.errors import OnewordError
from app.generation.submission import draw
from app.generation.waiting import end_of
from app.services import Services
from app.web.dependencies import Key, ServicesOf
from app.web.problems import problem_response
from app.web.sign_in import Member, Viewer

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
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw, as the OpenAI clients ask for pictures. The answer comes when they are there."""
    asked = ImageRequest(principal, service.as_generation(body), idempotency_key)
    return await _drawn(services, asked, body.response_format)


@router.post("/images/edits", response_model=ImagesOut, response_model_exclude_none=True)
async def edit_image(
    body: Annotated[EditIn, File()],
    principal: Member,
    services: ServicesOf,
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw from a picture, or into the part of it that a mask leaves open. Without a mask, what shows through in the
    picture itself is drawn anew; a picture without any is drawn again as a whole, as far as `strength` says."""
    files = await run_in_threadpool(service.as_files, services, [*body.image, *body.images], body.mask)
    asked = ImageRequest(principal, service.as_generation(body), idempotency_key, files)
    return await _drawn(services, asked, body.response_format)


async def _drawn(services: Services, asked: ImageRequest, format_: str | None) -> ImagesOut | Response:
    job_id = await run_in_threadpool(draw, services, asked.principal, asked.generation, asked.key, asked.files)
    await end_of(services, job_id, WAIT_SECONDS)
    try:
        return await run_in_threadpool(service.answer, services, asked.principal, job_id, format_)
    except OnewordError as error:  # the clients would repeat the request by themselves, and draw everything again
        return problem_response(with_openai_error(error), {"x-should-retry": "false"})
