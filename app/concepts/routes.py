"""The endpoints of the library."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Principal
from app.audit import service as audit
from app.bin import service as bin_service
from app.concepts import queries, service, views
from app.concepts.forms import Named
from app.concepts.schemas import (
    Accepted,
    ConceptOut,
    ConceptPatch,
    VersionList,
)
from app.concepts.service import ConceptChange
from app.contracts.limits import CARD_BYTES_MAX
from app.core.errors import NotFound
from app.embeddings.exporting import service as exporting
from app.embeddings.importing import service as importing
from app.embeddings.importing.request import ImportRequest
from app.jobs import service as job_service
from app.jobs import views as jobs
from app.jobs.models import Job
from app.pictures.cleaning import UploadedFile
from app.services import Services
from app.training.forms import Changed, Prompts, Tuned
from app.training.service import TrainingRequest, teach, teach_again
from app.web import file_responses
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.etags import IfMatch, must_match
from app.web.head_requests import HEAD
from app.web.json_forms import FormOrJson
from app.web.picture_answers import ANY_FORMAT, Encoders, Wanted, Width
from app.web.sign_in import MayTeach, Viewer
from app.web.waiting import Wait, answered, ended

router = APIRouter(prefix="/api", tags=["concepts"], route_class=FormOrJson)

Images = Annotated[list[UploadFile], File(description="JPEG, PNG or WebP; training uses the centre square.")]


@router.post("/concepts", status_code=status.HTTP_202_ACCEPTED, responses=ended(Accepted))
async def create_concept(
    principal: MayTeach,
    services: ServicesOf,
    response: Response,
    word: Named,
    tuning: Tuned,
    changes: Changed,
    images: Images = [],  # noqa: B006
    prompts: Prompts = [],  # noqa: B006
    wait: Wait = 0,
    idempotency_key: Key = None,
) -> Accepted:
    """Train a new concept on a few pictures. The answer names the job to watch; with `wait` it comes when the job has
    ended."""

    def make() -> Job:
        described = {**vars(word), "kind": word.kind or "object"}
        request = TrainingRequest(_read(images), tuning=tuning, changes=changes, prompts=prompts, **described)
        return teach(services, principal, request, idempotency_key)

    return await _accepted(services, principal, make, wait, response)


@router.post(
    "/concepts/import",
    status_code=status.HTTP_202_ACCEPTED,
    form_limits={"max_files": importing.FILES_MAX + 1},
    responses=ended(Accepted),
)
async def import_concept(
    principal: MayTeach,
    services: ServicesOf,
    response: Response,
    word: Named,
    file: Annotated[
        list[UploadFile], File(description="`.safetensors`, `.pt`, `.bin`, `.pti`, or a picture card.")
    ] = [],  # noqa: B006
    wait: Wait = 0,
    idempotency_key: Key = None,
) -> Accepted:
    """Import an embedding that another tool trained. A worker reads the file; the answer names the job to watch, and
    with `wait` it comes when the job has ended. Without a placeholder the file's name becomes the placeholder. Send two
    files for the two halves that diffusers writes for SDXL, and a folder of the concepts library as its zip or as all
    its files: its pictures, name, kind and initializer are taken too."""

    def make() -> Job:
        uploads = [UploadedFile(each.filename or "", each.file.read(_most(each, services))) for each in file]
        request = ImportRequest(uploads=uploads, **vars(word))
        return importing.import_concept(services, principal, request, idempotency_key)

    return await _accepted(services, principal, make, wait, response)


@router.get("/concepts/{concept_id}")
def get_concept(concept_id: str, principal: Viewer, session: Reading) -> ConceptOut:
    """One concept."""
    return views.describe(session, principal, service.get(session, principal.team_id, concept_id))


@router.patch("/concepts/{concept_id}")
def change_concept(
    concept_id: str,
    body: ConceptPatch,
    principal: MayTeach,
    services: ServicesOf,
    session: UnitOfWork,
    if_match: IfMatch = None,
) -> ConceptOut:
    """Change a concept's name, placeholder, description, tags or current version. Its owner may, and administrators."""
    concept = service.get_to_change(session, principal, concept_id)
    must_match(session, if_match, concept, lambda: views.describe(session, principal, concept))
    service.change(session, principal, services.catalog, concept, ConceptChange(**body.model_dump()))
    return views.describe(session, principal, concept)


@router.delete("/concepts/{concept_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_concept(
    concept_id: str, principal: MayTeach, session: UnitOfWork, services: ServicesOf, if_match: IfMatch = None
) -> None:
    """Put a concept into the bin and cancel its jobs. Its owner may, and administrators. It can be restored for
    `ONEWORD_BIN_DAYS`."""
    concept = service.get_to_change(session, principal, concept_id)
    must_match(session, if_match, concept, lambda: views.describe(session, principal, concept))
    bin_service.delete_concept(session, services, principal, concept_id)


@router.get("/concepts/{concept_id}/versions")
def list_versions(concept_id: str, principal: Viewer, session: Reading) -> VersionList:
    """Every version of a concept, newest first."""
    return VersionList(items=views.versions(session, service.get(session, principal.team_id, concept_id)))


@router.post("/concepts/{concept_id}/versions", status_code=status.HTTP_202_ACCEPTED, responses=ended(Accepted))
async def teach_concept_again(
    concept_id: str,
    principal: MayTeach,
    services: ServicesOf,
    response: Response,
    tuning: Tuned,
    changes: Changed,
    images: Images = [],  # noqa: B006
    prompts: Prompts = [],  # noqa: B006
    initializer: Annotated[str | None, Form()] = None,
    wait: Wait = 0,
    idempotency_key: Key = None,
) -> Accepted:
    """Train a new version of a concept. Without pictures it is trained on those of the newest version, with their
    squares, masks and captions; `edits` may change the captions. With `wait` the answer comes when the job has ended.
    The concept's owner may, and administrators."""

    def make() -> Job:
        request = TrainingRequest(_read(images), initializer, tuning=tuning, changes=changes, prompts=prompts)
        return teach_again(services, principal, concept_id, request, idempotency_key)

    return await _accepted(services, principal, make, wait, response)


@router.get("/concepts/{concept_id}/embedding", response_class=file_responses.File)
def download_embedding(
    concept_id: str,
    request: Request,
    principal: Viewer,
    services: ServicesOf,
    session: Reading,
    format: Annotated[str, Query(json_schema_extra={"enum": exporting.NAMES})] = "oneword",
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """The embedding as a file of a few KB, in the format of the chosen tool."""
    concept = service.get(session, principal.team_id, concept_id)
    finished = service.finished_version(session, concept, version)
    file = exporting.export(session, services.storage, concept, finished, format)
    if HEAD not in request.scope:
        audit.record_download(
            services.database, principal, concept.id, concept.placeholder, format=format, version=finished.number
        )
    return file_responses.file(file.content, file.name)


def _training_picture(picture_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> bytes:
    picture = queries.picture(session, principal.team_id, picture_id)
    if picture is None:
        raise NotFound("There is no such picture. Its concept may have been deleted.")
    return services.storage.get(picture.key)


def _mask(picture_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> bytes:
    picture = queries.picture(session, principal.team_id, picture_id)
    if picture is None or picture.mask_key is None:
        raise NotFound("There is no such mask. The picture has none, or its concept was deleted.")
    return services.storage.get(picture.mask_key)


@router.get("/pictures/{picture_id}/mask", response_class=file_responses.Png)
def get_picture_mask(picture_id: str, png: Annotated[bytes, Depends(_mask)]) -> Response:
    """The mask of a training picture, in its size: white is learned from, black is not."""
    return file_responses.picture(png, file_responses.Png, f"{picture_id}-mask.png")


@router.get("/pictures/{picture_id}", response_class=file_responses.Png, responses=ANY_FORMAT)
async def get_picture(
    picture_id: str,
    png: Annotated[bytes, Depends(_training_picture)],
    request: Request,
    wanted: Wanted,
    width: Width = None,
) -> Response:
    """A training picture of a concept."""
    encoders: Encoders = request.app.state.encoders
    return await encoders.encoded(png, picture_id, wanted, width=width)


def _most(file: UploadFile, services: Services) -> int:
    """The most bytes of an imported file that are read; one more than it may have."""
    is_folder = (file.filename or "").lower().endswith(".zip")
    return (services.settings.upload_bytes_max if is_folder else CARD_BYTES_MAX) + 1


def _read(images: list[UploadFile]) -> list[UploadedFile]:
    return [UploadedFile(image.filename or "", image.file.read()) for image in images]


async def _accepted(
    services: Services, principal: Principal, make: Callable[[], Job], wait: float, response: Response
) -> Accepted:
    job = await run_in_threadpool(make)
    team_id, job_id, concept_id = job.team_id, job.id, job.concept_id or ""

    def describe() -> Accepted:
        with services.database.reading() as session:
            # A repeated request names what the first one made, as it is now: it may be trained, or in the bin.
            concept = queries.including_deleted(session, team_id, concept_id)
            if concept is None:
                raise NotFound("The concept that this request made was deleted for good. Send it with a new key.")
            now = job_service.get(session, team_id, job_id)
            return Accepted(concept=views.describe(session, principal, concept), job=jobs.describe(session, now))

    return await answered(services, principal, job_id, wait, describe, response)
