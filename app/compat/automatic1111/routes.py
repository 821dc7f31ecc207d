"""The endpoints that AUTOMATIC1111's clients call. The studio's address is the host and port that they are given, and a
token is their password (HTTP Basic, any user name) or a bearer token."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from app.compat.automatic1111 import library, samplers, service
from app.compat.automatic1111.pictures import PictureRoute, sent_pictures
from app.compat.automatic1111.schemas import (
    SdapiDrawIn,
    SdapiEmbeddings,
    SdapiImages,
    SdapiImg2ImgIn,
    SdapiModel,
    SdapiOptions,
    SdapiOptionsIn,
    SdapiPngInfo,
    SdapiPngInfoIn,
    SdapiProgress,
    SdapiSampler,
    SdapiScheduler,
    SdapiTxt2ImgIn,
)
from app.core.errors import InvalidInput, SenderGone
from app.services import Services
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Reading, ServicesOf
from app.web.sign_in import MayDraw, Viewer
from app.web.waiting import cancel_unless_ended, client_stayed

router = APIRouter(prefix="/sdapi/v1", tags=["AUTOMATIC1111"], route_class=BoundedRoute)
_pictures = APIRouter(route_class=PictureRoute)

WAIT_SECONDS: Final = 3600.0  # AUTOMATIC1111 has no limit, and its clients wait as long as it takes


@router.post("/txt2img", response_model=SdapiImages)
async def sdapi_txt2img(body: SdapiTxt2ImgIn, principal: MayDraw, services: ServicesOf, sent: Request) -> Response:
    """Draw from a text for an AUTOMATIC1111 client. The answer comes when the pictures are drawn. A client that closes
    its connection before then cancels the drawing."""
    return await _drawn(services, principal, body, sent)


@_pictures.post("/img2img", response_model=SdapiImages)
async def sdapi_img2img(body: SdapiImg2ImgIn, principal: MayDraw, services: ServicesOf, sent: Request) -> Response:
    """Draw from a picture, or into a mask, for an AUTOMATIC1111 client. The answer comes when the pictures are drawn. A
    client that closes its connection before then cancels the drawing."""
    return await _drawn(services, principal, body, sent)


@_pictures.post("/png-info")
def sdapi_png_info(body: SdapiPngInfoIn, _: MayDraw, services: ServicesOf, sent: Request) -> SdapiPngInfo:
    """What a PNG says of how it was drawn. The PNG is not stored."""
    return service.png_info(services, sent_pictures(sent))


@router.get("/progress")
def sdapi_progress(
    principal: Viewer,
    services: ServicesOf,
    skip_current_image: Annotated[bool, Query(description="Leave the preview out.")] = False,
) -> SdapiProgress:
    """How far the caller's own drawing is: the one that runs, or else the first that waits."""
    return service.progress(services, principal, with_image=not skip_current_image)


@router.post("/interrupt", response_class=Response)
def sdapi_interrupt(principal: MayDraw, services: ServicesOf) -> Response:
    """Cancel the caller's own drawing, the one that `progress` shows. Without one nothing happens. The answer is an
    empty object."""
    service.interrupt(services, principal)
    return JSONResponse({})


@router.post("/skip", response_class=Response)
def sdapi_skip(_: MayDraw) -> Response:
    """Refused. The pictures of a request are drawn together, so that none of them can be skipped."""
    raise InvalidInput(
        "The pictures of a request are drawn together, so none of them can be skipped. Send interrupt to stop the "
        "request.",
        code="unsupported",
    )


@router.get("/options")
def sdapi_get_options(_: Viewer, services: ServicesOf) -> SdapiOptions:
    """The options that hold for every request that says nothing else."""
    return library.options(services.catalog)


@router.post("/options", response_class=Response)
def sdapi_set_options(body: SdapiOptionsIn, _: MayDraw, services: ServicesOf) -> Response:
    """Take options that have these values already. Options are everybody's, so that no request changes them; a request
    chooses its base model with `override_settings`. The answer is `null`."""
    library.check_options(services.catalog, body)
    return JSONResponse(None)


@router.get("/samplers")
def sdapi_samplers(_: Viewer) -> list[SdapiSampler]:
    """The samplers that `sampler_name` takes."""
    return samplers.samplers()


@router.get("/schedulers")
def sdapi_schedulers(_: Viewer) -> list[SdapiScheduler]:
    """The schedules of noise levels that `scheduler` takes."""
    return list(samplers.SCHEDULES)


@router.get("/sd-models")
def sdapi_models(_: Viewer, services: ServicesOf) -> list[SdapiModel]:
    """The base models that are ready, the default first."""
    return library.models(services.catalog)


@router.get("/embeddings")
def sdapi_embeddings(principal: Viewer, services: ServicesOf, session: Reading) -> SdapiEmbeddings:
    """The team's concepts by the names that prompts have for them."""
    return library.embeddings(session, services.catalog, principal.team_id)


async def _drawn(services: Services, principal: MayDraw, body: SdapiDrawIn, sent: Request) -> Response:
    pictures = sent_pictures(sent)
    job_id = await run_in_threadpool(service.submit, services, principal, body, pictures)
    if not await client_stayed(services, principal, job_id, WAIT_SECONDS, sent):
        await run_in_threadpool(cancel_unless_ended, services, principal, job_id)
        return Response(status_code=SenderGone.status)
    content = await run_in_threadpool(service.answer, services, principal, job_id, body, pictures)
    return Response(content, media_type="application/json")


# What AUTOMATIC1111 has and a studio has not. Clients list it when they start; the schema shows what there is, so these
# calls are not in it.
_NOTHING: Final[dict[str, Any]] = {
    **{
        name: []
        for name in (
            "extensions",
            "face-restorers",
            "hypernetworks",
            "latent-upscale-modes",
            "loras",
            "prompt-styles",
            "realesrgan-models",
            "script-info",
            "sd-modules",
            "sd-vae",
            "upscalers",
        )
    },
    "scripts": {"txt2img": [], "img2img": []},
    "cmd-flags": {"api": True},
    "memory": {"ram": {"error": "unavailable"}, "cuda": {"error": "unavailable"}},
}
_LISTED_ANEW: Final = ("refresh-checkpoints", "refresh-embeddings", "refresh-loras", "refresh-vae")  # at each call


def _constant(value: Any) -> Callable[..., Any]:
    def constant(_: Viewer) -> Any:
        return value

    return constant


def _nothing_to_do(_: MayDraw) -> None:
    return None


router.include_router(_pictures)
for _name, _value in _NOTHING.items():
    router.add_api_route(f"/{_name}", _constant(_value), methods=["GET"], include_in_schema=False)
for _name in _LISTED_ANEW:
    router.add_api_route(f"/{_name}", _nothing_to_do, methods=["POST"], include_in_schema=False)
