"""The endpoints that the OpenAI clients call. Their `base_url` is the studio's address with `/v1`, their `api_key` a
bearer token."""

from typing import Annotated, Final

from fastapi import APIRouter, File, Request, Response
from starlette.concurrency import run_in_threadpool

from app.compat.openai import service
from app.compat.openai.schemas import EditIn, ImagesIn, ImagesOut, ModelList, ModelOut
from app.compat.openai.service import ImageRequest
from app.core.errors import OnewordError, SenderGone
from app.generation.waiting import client_stayed
from app.services import Services
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Key, ServicesOf
from app.web.problems import problem_response
from app.web.sign_in import MayDraw, Viewer

router = APIRouter(prefix="/v1", tags=["OpenAI"], route_class=BoundedRoute)

WAIT_SECONDS: Final = 300.0
FILES_MAX: Final = 4  # a picture and its mask, and a few more, so that the answer says how many were sent


@router.get("/models")
def list_models(_: Viewer, services: ServicesOf) -> ModelList:
    """The base models that are ready, as the OpenAI clients list models."""
    ready = [model for model in services.catalog.models if model.not_ready_reason is None]
    return ModelList(data=[ModelOut(id=model.id) for model in ready])


@router.post("/images/generations", response_model=ImagesOut, response_model_exclude_none=True)
async def generate_images(
    body: ImagesIn,
    principal: MayDraw,
    services: ServicesOf,
    sent: Request,
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw pictures for an OpenAI client. The answer comes when the pictures are drawn. A client that closes its
    connection before then cancels the drawing, unless it sent an `Idempotency-Key`."""
    request = ImageRequest(principal, service.as_generation(body), idempotency_key)
    return await _drawn(services, request, body.response_format, sent)


@router.post(
    "/images/edits", response_model=ImagesOut, response_model_exclude_none=True, form_limits={"max_files": FILES_MAX}
)
async def edit_image(
    body: Annotated[EditIn, File()],
    principal: MayDraw,
    services: ServicesOf,
    sent: Request,
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw from an initial picture, or into the transparent area of a mask. Without a mask, the transparent area of the
    picture is drawn. If there is none, the whole picture is redrawn, as far as `strength` allows."""
    files = await run_in_threadpool(service.as_files, services, [*body.image, *body.images], body.mask)
    request = ImageRequest(principal, service.as_generation(body), idempotency_key, files)
    return await _drawn(services, request, body.response_format, sent)


async def _drawn(services: Services, request: ImageRequest, format_: str | None, sent: Request) -> ImagesOut | Response:
    job_id = await run_in_threadpool(service.submit, services, request)
    if not await client_stayed(services, request.principal, job_id, WAIT_SECONDS, sent):
        if request.key is None:  # with a key, the same request can still fetch the pictures
            await run_in_threadpool(service.cancel, services, request.principal, job_id)
        return Response(status_code=SenderGone.status)
    try:
        return await run_in_threadpool(service.answer, services, request.principal, job_id, format_)
    except OnewordError as error:  # the clients would repeat the request by themselves, and draw everything again
        return problem_response(error, {"x-should-retry": "false"})
