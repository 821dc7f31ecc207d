"""The endpoints that the OpenAI clients call. Their `base_url` is the studio's address with `/v1`, their `api_key` a
bearer token."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from app.compat.openai import answer, base_models, drawing, request
from app.compat.openai.request import ImageRequest
from app.compat.openai.schemas import EditIn, ImagesIn, ImagesOut, ModelList, ModelOut, VariationIn
from app.compat.openai.stream import ImageStream
from app.core.errors import OnewordError, SenderGone
from app.pictures.fair_turns import SENDER
from app.services import Services
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Key, ServicesOf
from app.web.problems import problem_response
from app.web.sign_in import MayDraw, Viewer
from app.web.waiting import cancel_unless_ended, client_stayed

router = APIRouter(prefix="/v1", tags=["OpenAI"], route_class=BoundedRoute)

WAIT_SECONDS: Final = 300.0
FILES_MAX: Final = 17  # as many pictures as OpenAI takes and a mask, so that the answer says how many were sent
_OR_A_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/event-stream": {"schema": {}}}}}
MODEL: Final = Path(description="Id of a base model, or an alias.")


@router.get("/models")
def list_models(_: Viewer, services: ServicesOf) -> ModelList:
    """The base models that are ready and their aliases, as the OpenAI clients list models."""
    return base_models.listed(services)


@router.get("/models/{model_id:path}")
def get_model(model_id: Annotated[str, MODEL], _: Viewer, services: ServicesOf) -> ModelOut:
    """One base model or alias, as the OpenAI clients describe models."""
    return base_models.one(services, model_id)


@router.post("/images/generations", response_model=ImagesOut, response_model_exclude_none=True, responses=_OR_A_STREAM)
async def generate_images(
    body: ImagesIn,
    principal: MayDraw,
    services: ServicesOf,
    sent: Request,
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw pictures for an OpenAI client. The answer comes when the pictures are drawn; with `stream` it is a stream of
    server-sent events. A client that closes its connection before the end cancels the drawing, unless it sent an
    `Idempotency-Key`."""
    asked = await run_in_threadpool(request.drawing, services, principal, body, idempotency_key)
    return await _drawn(services, asked, sent)


@router.post(
    "/images/edits",
    response_model=ImagesOut,
    response_model_exclude_none=True,
    responses=_OR_A_STREAM,
    form_limits={"max_files": FILES_MAX},
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
    asked = await run_in_threadpool(request.drawing, services, principal, body, idempotency_key)
    return await _drawn(services, asked, sent)


@router.post(
    "/images/variations",
    response_model=ImagesOut,
    response_model_exclude_none=True,
    form_limits={"max_files": FILES_MAX},
)
async def vary_image(
    body: Annotated[VariationIn, File()],
    principal: MayDraw,
    services: ServicesOf,
    sent: Request,
    idempotency_key: Key = None,
) -> ImagesOut | Response:
    """Draw pictures that resemble one. They are drawn from it; `strength` says how much of it is given up."""
    asked = await run_in_threadpool(request.variation, services, principal, body, idempotency_key)
    return await _drawn(services, asked, sent)


async def _drawn(services: Services, asked: ImageRequest, sent: Request) -> ImagesOut | Response:
    if asked.form.partial_images is not None:
        services.viewers.must_have_room(asked.principal.user_id)
    job_id = await run_in_threadpool(drawing.submit, services, asked)
    if asked.form.partial_images is not None:
        SENDER.get().decoded()
        return ImageStream(services, asked, job_id)
    if not await client_stayed(services, asked.principal, job_id, WAIT_SECONDS, sent):
        if asked.key is None:  # with a key, the same request can still fetch the pictures
            await run_in_threadpool(cancel_unless_ended, services, asked.principal, job_id)
        return Response(status_code=SenderGone.status)
    try:
        return await run_in_threadpool(answer.answer, services, asked.principal, job_id, asked.form)
    except OnewordError as error:  # the clients would repeat the request by themselves, and draw everything again
        return problem_response(error, {"x-should-retry": "false"})
