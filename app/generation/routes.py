"""The endpoints to draw, and those of drawn pictures."""

from typing import Annotated

from fastapi import APIRouter, File, Query, Request, Response, UploadFile, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal
from app.bin import service as bin_service
from app.contracts.jobs import FINAL
from app.generation import recipes, service, views
from app.generation.forms import JsonOrForm, attached
from app.generation.request import GenerationRequest
from app.generation.schemas import Drawn, GenerationOut, GenerationPage, ImageOut, RecoveredRequest
from app.generation.submission import draw
from app.generation.waiting import end_of
from app.pictures.cleaning import UploadedFile
from app.services import Services
from app.web.bounded_bodies import FORM, BoundedRoute
from app.web.dependencies import Cursor, Key, Reading, ServicesOf, UnitOfWork
from app.web.etags import IfMatch, must_match
from app.web.file_responses import Png, png
from app.web.sign_in import MayDraw, Viewer

router = APIRouter(prefix="/api", tags=["generations"], route_class=BoundedRoute)
drawing = APIRouter(route_class=JsonOrForm)


@drawing.post(
    "/generations",
    status_code=status.HTTP_202_ACCEPTED,
    responses={200: {"model": Drawn, "description": "With `wait`: the job has ended."}},
    openapi_extra={"requestBody": {"content": {FORM: {"schema": {"$ref": "#/components/schemas/GenerationForm"}}}}},
)
async def create_generation(
    body: GenerationRequest,
    principal: MayDraw,
    services: ServicesOf,
    request: Request,
    response: Response,
    wait: Annotated[
        float, Query(ge=0, le=60, description="Seconds to wait for the end of the job before answering.")
    ] = 0,
    idempotency_key: Key = None,
) -> Drawn:
    """Draw pictures. The answer names the job to watch; with `wait` it comes when the job has ended. In a form request
    the initial picture and its mask may be files."""
    job_id = await run_in_threadpool(draw, services, principal, body, idempotency_key, attached(request))
    if wait:
        await end_of(services, principal, job_id, wait)
    drawn = await run_in_threadpool(_describe, services, principal, job_id)
    if drawn.job.state in FINAL:
        response.status_code = status.HTTP_200_OK
    return drawn


@router.get("/generations")
def list_generations(
    principal: Viewer,
    session: Reading,
    concept: Annotated[str | None, Query(description="Only generations that use the concept with this id.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> GenerationPage:
    """The team's generations, newest first."""
    return views.page(session, principal, concept=concept, cursor=cursor, limit=limit)


@router.get("/generations/{generation_id}")
def get_generation(generation_id: str, principal: Viewer, session: Reading) -> GenerationOut:
    """One generation with the pictures drawn so far."""
    return views.describe(session, principal, service.get(session, principal.team_id, generation_id))


@router.delete("/generations/{generation_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_generation(
    generation_id: str, principal: MayDraw, session: UnitOfWork, services: ServicesOf, if_match: IfMatch = None
) -> None:
    """Put a generation with its pictures into the bin. The person who asked for it may, and administrators. It can be
    restored for `ONEWORD_BIN_DAYS`."""
    generation = service.get(session, principal.team_id, generation_id)
    must_match(session, if_match, generation, lambda: views.describe(session, principal, generation))
    bin_service.delete_generation(session, services, principal, generation_id)


@router.get("/images/{image_id}", response_class=Png)
def get_image(
    image_id: str, principal: Viewer, services: ServicesOf, session: Reading, download: bool = False
) -> Response:
    """A drawn picture as PNG, with its recipe in the metadata."""
    image = service.image(session, principal.team_id, image_id)
    return png(services.storage.get(image.key), f"oneword-{image.id}.png", download=download)


@router.get("/images/{image_id}/recipe")
def get_recipe(image_id: str, principal: Viewer, session: Reading) -> ImageOut:
    """A picture with its recipe, which has all that is needed to draw it again."""
    return views.describe_image(service.image(session, principal.team_id, image_id))


@router.get("/images/{image_id}/order")
def get_order(image_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> RecoveredRequest:
    """The request that draws a picture again. Concepts with newer versions are pinned to the version used then."""
    image = service.image(session, principal.team_id, image_id)
    return views.describe_recovered(recipes.of_image(session, services.catalog, image))


@router.post("/generations/read", form_limits={"max_files": 1})
def read_picture(
    principal: MayDraw,
    services: ServicesOf,
    image: Annotated[UploadFile, File(description="A PNG that Oneword or AUTOMATIC1111 has saved.")],
) -> RecoveredRequest:
    """The request that draws the picture in a PNG again. The PNG is not stored."""
    upload = UploadedFile(image.filename or "", image.file.read())
    return views.describe_recovered(recipes.of_file(services, principal.team_id, upload))


@router.get("/uploads/{upload_id}", response_class=Png)
def get_upload(upload_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> Response:
    """An initial picture or a mask that was sent with a generation, as PNG."""
    upload = service.upload(session, principal.team_id, upload_id)
    return png(services.storage.get(upload.key), f"oneword-{upload.id}.png")


def _describe(services: Services, principal: Principal, job_id: str) -> Drawn:
    with services.database.reading() as session:
        return views.describe_drawn(session, principal, job_id)


router.include_router(drawing)
