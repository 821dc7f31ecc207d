"""The endpoint that imports many embedding files at once."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile, status

from app.contracts.embeddings import BulkImportSpec
from app.contracts.limits import CARD_BYTES_MAX
from app.contracts.training import KINDS
from app.embeddings.importing.bulk import FILES_MAX, BulkRequest, import_many
from app.embeddings.schemas import BulkAccepted, ImportedConcept, RefusedFileOut
from app.jobs import service as job_service
from app.jobs import views as jobs
from app.pictures.cleaning import UploadedFile
from app.web.dependencies import Key, ServicesOf
from app.web.json_forms import FormOrJson
from app.web.sign_in import MayTeach

router = APIRouter(prefix="/api", tags=["concepts"], route_class=FormOrJson)


@router.post("/concepts/import-many", status_code=status.HTTP_202_ACCEPTED, form_limits={"max_files": FILES_MAX + 1})
def import_concepts(
    principal: MayTeach,
    services: ServicesOf,
    file: Annotated[
        list[UploadFile],
        File(description="`.safetensors`, `.pt`, `.bin`, `.pti`, or picture cards. Each becomes a concept."),
    ] = [],  # noqa: B006
    kind: Annotated[
        str,
        Form(
            max_length=5000,
            description="Of all of them. Empty: what each file says, or `object`.",
            json_schema_extra={"enum": [*KINDS]},
        ),
    ] = "",
    base_model: Annotated[str | None, Form(description="Of all of them.")] = None,
    tags: Annotated[list[str], Form(description="What each of them is tagged with.")] = [],  # noqa: B006
    idempotency_key: Key = None,
) -> BulkAccepted:
    """Import many embedding files as one job. Each file becomes a concept with a placeholder made from its name. A file
    that cannot be imported is left out with a sentence of its own, and the others come in. No samples are drawn."""
    uploads = [UploadedFile(each.filename or "", each.file.read(CARD_BYTES_MAX + 1)) for each in file]
    request = BulkRequest(uploads, kind, base_model, tuple(tags))
    made = import_many(services, principal, request, idempotency_key)
    with services.database.reading() as session:
        job = job_service.get(session, principal.team_id, made.id)
        items = BulkImportSpec.model_validate(job.spec).items
        return BulkAccepted(
            job=jobs.describe(session, job),
            concepts=[ImportedConcept(id=item.concept_id, placeholder=item.placeholder) for item in items],
            refused=[RefusedFileOut(name=each.name, detail=each.detail) for each in request.refused],
        )
