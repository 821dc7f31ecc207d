"""The endpoints to draw, and those of drawn pictures."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Request, Response, UploadFile, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal
from app.audit import service as audit
from app.bin import service as bin_service
from app.core.database import utc_now
from app.generation import recipes, service, views
from app.generation.forms import JsonOrForm, attached
from app.generation.request import GenerationRequest
from app.generation.schemas import (
    Drawn,
    GenerationOut,
    GenerationPage,
    ImageOut,
    LinkRequest,
    PictureLink,
    RecoveredRequest,
)
from app.generation.submission import draw
from app.pictures.cleaning import UploadedFile
from app.services import Services
from app.uploads import service as uploads
from app.web import file_responses
from app.web.bounded_bodies import FORM, BoundedRoute
from app.web.dependencies import Cursor, Key, Reading, ServicesOf, UnitOfWork
from app.web.etags import IfMatch, must_match
from app.web.file_responses import Png
from app.web.json_forms import FormOrJson
from app.web.picture_answers import ANY_FORMAT, Encoders, Wanted, Width
from app.web.sign_in import MayDraw, SignedUntil, Viewer
from app.web.waiting import DRAWING, Wait, answered, ended

router = APIRouter(prefix="/api", tags=["generations"], route_class=BoundedRoute)
drawing = APIRouter(route_class=JsonOrForm)
reading_files = APIRouter(route_class=FormOrJson)

Signed = Annotated[bool, Query(description="Whether the pictures' `url` is signed: it opens without a token for 1 h.")]


@dataclass(frozen=True)
class StoredPicture:
    """A picture to answer with."""

    id: str
    png: bytes


def _drawn_picture(image_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> StoredPicture:
    image = service.image(session, principal.team_id, image_id)
    return StoredPicture(image.id, services.storage.get(image.key))


@drawing.post(
    "/generations",
    status_code=status.HTTP_202_ACCEPTED,
    responses=ended(Drawn),
    openapi_extra={"requestBody": {"content": {FORM: {"schema": {"$ref": "#/components/schemas/GenerationForm"}}}}},
)
async def create_generation(
    body: GenerationRequest,
    principal: MayDraw,
    services: ServicesOf,
    request: Request,
    response: Response,
    wait: Wait = 0,
    signed: Signed = False,
    idempotency_key: Key = None,
) -> Drawn:
    """Draw pictures. The answer names the job to watch; with `wait` it comes when the job has ended. In a form the
    initial picture and its mask may be files, in JSON data: addresses or base64."""
    job_id = await run_in_threadpool(draw, services, principal, body, idempotency_key, attached(request))

    def describe() -> Drawn:
        with services.database.reading() as session:
            drawn = views.describe_drawn(session, principal, job_id)
        return drawn.model_copy(update={"generation": _signed(services, principal, drawn.generation, signed)})

    return await answered(services, principal, job_id, wait, describe, response, DRAWING)


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
def get_generation(
    generation_id: str, principal: Viewer, services: ServicesOf, session: Reading, signed: Signed = False
) -> GenerationOut:
    """One generation with the pictures drawn so far."""
    found = views.describe(session, principal, service.get(session, principal.team_id, generation_id))
    return _signed(services, principal, found, signed)


@router.delete("/generations/{generation_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_generation(
    generation_id: str, principal: MayDraw, session: UnitOfWork, services: ServicesOf, if_match: IfMatch = None
) -> None:
    """Put a generation with its pictures into the bin. The person who asked for it may, and administrators. It can be
    restored for `ONEWORD_BIN_DAYS`."""
    generation = service.get(session, principal.team_id, generation_id)
    must_match(session, if_match, generation, lambda: views.describe(session, principal, generation))
    bin_service.delete_generation(session, services, principal, generation_id)


@router.get("/images/{image_id}", response_class=Png, responses=ANY_FORMAT)
async def get_image(
    image: Annotated[StoredPicture, Depends(_drawn_picture)],
    request: Request,
    wanted: Wanted,
    until: SignedUntil,
    download: bool = False,
    width: Width = None,
) -> Response:
    """A drawn picture with its recipe in the metadata: as PNG, or as JPEG or WebP if the client asks for it. A signed
    address of it needs no sign-in."""
    encoders: Encoders = request.app.state.encoders
    answer = await encoders.encoded(image.png, f"oneword-{image.id}", wanted, download=download, width=width)
    return answer if until is None else file_responses.until(answer, until)


@router.post("/images/{image_id}/link")
def link_image(image_id: str, body: LinkRequest, principal: Viewer, services: ServicesOf) -> PictureLink:
    """Make an address of a picture that opens without signing in, for chat tools and other programs. It ends after
    `valid_for` seconds, and before that with the picture, with the token or session that made it, and with its
    person's membership."""
    valid_for = timedelta(seconds=body.valid_for)
    with services.database.reading() as session:
        image = service.image(session, principal.team_id, image_id)
    url = services.signed_addresses.url(f"/api/images/{image.id}", principal, valid_for)
    with services.database.transaction() as session:
        audit.record(session, principal, "image.shared", image.id, seconds=body.valid_for)
    return PictureLink(url=url, expires_at=utc_now() + valid_for)


@router.get("/images/{image_id}/recipe")
def get_recipe(image_id: str, principal: Viewer, session: Reading) -> ImageOut:
    """A picture with its recipe, which has all that is needed to draw it again."""
    return views.describe_image(service.image(session, principal.team_id, image_id))


@router.get("/images/{image_id}/order")
def get_order(image_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> RecoveredRequest:
    """The request that draws a picture again. Concepts with newer versions are pinned to the version used then."""
    image = service.image(session, principal.team_id, image_id)
    return views.describe_recovered(recipes.of_image(session, services.catalog, image))


@reading_files.post("/generations/read", form_limits={"max_files": 1})
def read_picture(
    principal: MayDraw,
    services: ServicesOf,
    image: Annotated[UploadFile, File(description="A PNG, JPEG or WebP that Oneword or AUTOMATIC1111 has saved.")],
) -> RecoveredRequest:
    """The request that draws the picture in a file again. The file is not stored."""
    upload = UploadedFile(image.filename or "", image.file.read())
    return views.describe_recovered(recipes.of_file(services, principal.team_id, upload))


def _sent_picture(upload_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> StoredPicture:
    kept = uploads.find(session, principal.team_id, upload_id)
    key = kept.key if kept is not None else service.upload(session, principal.team_id, upload_id).key
    return StoredPicture(upload_id, services.storage.get(key))


@router.get("/uploads/{upload_id}", response_class=Png, responses=ANY_FORMAT)
async def get_upload(
    picture: Annotated[StoredPicture, Depends(_sent_picture)], request: Request, wanted: Wanted
) -> Response:
    """A picture that was sent for later use, or an initial picture or a mask that was sent with a generation."""
    encoders: Encoders = request.app.state.encoders
    return await encoders.encoded(picture.png, f"oneword-{picture.id}", wanted)


def _signed(services: Services, principal: Principal, generation: GenerationOut, signed: bool) -> GenerationOut:
    if not signed:
        return generation
    addresses = services.signed_addresses
    images = [each.model_copy(update={"url": addresses.url(each.url, principal)}) for each in generation.images]
    return generation.model_copy(update={"images": images})


router.include_router(drawing)
router.include_router(reading_files)
