"""Queues the import of many embedding files as one job. Each file becomes a concept of its own.

A file that cannot be an embedding by its name or size is refused with a sentence of its own, and the others come in.
What is wrong inside a file a worker finds out, and the job says it in a warning.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.audit import service as audit
from app.base_models.catalog import AllowedModel
from app.base_models.initializers import checked_placeholder, free_placeholder
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.concepts.service import add, check_room
from app.contracts.embeddings import BulkImportSpec, ConceptField, ImportFile, ImportItem
from app.contracts.training import KINDS
from app.core import idempotency
from app.core.database import Base
from app.core.errors import InvalidInput
from app.core.storage import savepoint
from app.embeddings.importing.request import ImportRequest
from app.embeddings.importing.service import check_file, store_files
from app.jobs import service as jobs
from app.jobs.models import Job
from app.pictures.cleaning import UploadedFile
from app.services import Services

FILES_MAX: Final = 100
_UNSET: Final[list[ConceptField]] = ["name", "description", "initializer"]


@dataclass(frozen=True)
class RefusedFile:
    """A file that cannot be an embedding, and why."""

    name: str
    detail: str


@dataclass
class BulkRequest:
    """A request to import many files, not yet checked."""

    uploads: Sequence[UploadedFile]
    kind: str = ""
    base_model: str | None = None
    tags: Sequence[str] = ()
    refused: list[RefusedFile] = field(default_factory=list)  # filled in by `import_many`

    def fingerprint(self) -> str:
        """The hash of everything that was sent, for `Idempotency-Key`."""
        files = [(upload.name, hashlib.sha256(upload.content).hexdigest()) for upload in self.uploads]
        return hashlib.sha256(repr(("imports", files, self.kind, self.base_model, self.tags)).encode()).hexdigest()


def import_many(services: Services, principal: Principal, request: BulkRequest, key: str | None) -> Job:
    """Add a concept for each usable file, and queue the job that reads them. Raises InvalidInput if none is usable."""
    team_id, request_hash = principal.team_id, request.fingerprint()
    if len(request.uploads) > FILES_MAX:
        raise InvalidInput(
            f"{len(request.uploads)} files were sent, and one import takes at most {FILES_MAX}. Send the rest in "
            "another one.",
            field="file",
            code="file-count",
        )
    if (request.kind or "object") not in KINDS:
        raise InvalidInput(
            f"The kind {request.kind!r} is unknown. A concept is an object or a style.", field="kind", code="kind"
        )
    model = services.catalog.get(request.base_model)
    usable = _usable(request)
    with services.database.reading() as session:
        if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
            return job

    def make() -> Job:
        with savepoint(services.storage) as blobs:
            files = store_files(blobs, usable)
            with services.database.transaction() as session:
                if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
                    return job
                job = _queue(session, services, principal, request, model, files)
                jobs.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job

    return idempotency.retry_on_conflict(make)


def _usable(request: BulkRequest) -> list[UploadedFile]:
    """The files that can be embeddings. The others are noted in the request. Raises InvalidInput if none is left."""
    usable: list[UploadedFile] = []
    request.refused.clear()
    for upload in request.uploads:
        try:
            check_file(upload)
        except InvalidInput as error:
            request.refused.append(RefusedFile(upload.name, error.detail))
        else:
            usable.append(upload)
    if not usable:
        first = f" {request.refused[0].detail}" if request.refused else " Choose some embedding files."
        raise InvalidInput(
            f"None of the {len(request.uploads)} files that were sent can be imported.{first}",
            field="file",
            code="file-kind",
        )
    return usable


def _queue(
    session: Session,
    services: Services,
    principal: Principal,
    request: BulkRequest,
    model: AllowedModel,
    files: Sequence[ImportFile],
) -> Job:
    """Add the concepts and submit the job, in the caller's transaction."""
    taken = queries.placeholders(session, principal.team_id)
    fields = ImportRequest(uploads=(), kind=request.kind or "object", tags=request.tags)
    concepts: list[Concept] = []
    for file in files:
        free = free_placeholder(file.name.rpartition(".")[0], taken)
        placeholder = checked_placeholder(model, free, taken)
        concepts.append(add(session, principal, fields, model, placeholder, ""))
        taken.add(placeholder)
    check_room(session, principal.team_id, services.settings.concepts_max)
    versions = [_version(concept) for concept in concepts]
    _add_all(session, versions)
    unset = [*_UNSET, *(() if request.kind else ("kind",)), *(() if request.tags else ("tags",))]
    items = [
        ImportItem.model_validate(
            {
                "concept_id": concept.id,
                "version_id": version.id,
                "placeholder": concept.placeholder,
                "file": file,
                "unset": unset,
            }
        )
        for concept, version, file in zip(concepts, versions, files, strict=True)
    ]
    spec = BulkImportSpec(base_model=model.id, kind=concepts[0].kind, items=items)
    job = jobs.about_many(principal, f"Importing {len(items)} {'word' if len(items) == 1 else 'words'}", spec)
    for version in versions:
        version.job_id = job.id
    jobs.submit(session, job, "import", services.settings)
    for concept, file in zip(concepts, files, strict=True):
        audit.record(session, principal, "concept.imported", concept.id, concept.placeholder, files=[file.name])
    return job


def _add_all(session: Session, rows: Sequence[Base]) -> None:
    session.add_all(rows)
    session.flush()


def _version(concept: Concept) -> Version:
    return Version(
        team_id=concept.team_id,
        concept_id=concept.id,
        number=1,
        state="training",
        base_model=concept.base_model,
        initializer=concept.initializer,
        vectors=1,
        files={},
    )
