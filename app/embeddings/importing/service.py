"""Queues the import of another tool's embedding file.

The web process stores the bytes without parsing them: only a worker parses foreign files.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.audit import service as audit
from app.base_models.catalog import AllowedModel
from app.base_models.initializers import checked_initializer, checked_placeholder, free_placeholder, is_known
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.concepts.service import add, check_room
from app.contracts.embeddings import ConceptField, ImportFile, ImportSpec
from app.contracts.limits import EMBEDDING_SUFFIXES as SUFFIXES
from app.contracts.limits import embedding_bytes_max
from app.contracts.training import KINDS
from app.core import idempotency
from app.core.database import new_id
from app.core.errors import InvalidInput
from app.core.storage import BlobSavepoint, savepoint
from app.embeddings.importing.companions import with_companions
from app.embeddings.importing.request import ImportRequest
from app.jobs import service as jobs
from app.jobs.models import Job
from app.pictures.archives import unpacked
from app.pictures.cleaning import UploadedFile
from app.pictures.decoding import CleanPicture
from app.pictures.edits import Edit
from app.services import Services
from app.training.service import store_pictures

EMBEDDINGS_MAX: Final = 2
FILES_MAX: Final = 20  # enough for a whole folder of the concepts library


def import_concept(services: Services, principal: Principal, request: ImportRequest, key: str | None) -> Job:
    """Add a concept and queue the job that reads its embedding from the files."""
    team_id, request_hash = principal.team_id, request.fingerprint()
    with services.database.reading() as session:
        if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
            return job
    if len(request.uploads) > FILES_MAX:
        raise InvalidInput(
            f"{len(request.uploads)} files were sent, and an import takes at most {FILES_MAX}.", field="file"
        )
    request = with_companions(_unpacked(services, request))
    unset = _unset(request)
    request = replace(request, kind=request.kind or "object")
    model = services.catalog.get(request.base_model)
    if request.kind not in KINDS:
        raise InvalidInput(
            f"The kind {request.kind!r} is unknown. A concept is an object or a style.", field="kind", code="kind"
        )
    initializer = checked_initializer(model, request.initializer) if request.initializer.strip() else ""
    if not initializer and is_known(model, request.initializer_in_files):
        initializer = checked_initializer(model, request.initializer_in_files)
    _check_files(request.uploads)
    pictures, captions = _pictures(services, request, model)

    def make() -> Job:
        with savepoint(services.storage) as blobs:
            files = store_files(blobs, request.uploads)
            with services.database.transaction() as session:
                if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
                    return job
                concept = _concept(session, principal, request, model, initializer)
                check_room(session, team_id, services.settings.concepts_max)
                job = _queue(session, services, principal, concept, files, unset)
                rows = store_pictures(blobs, team_id, pictures, captions)
                for row in rows:
                    row.version_id = job.version_id or ""
                session.add_all(rows)
                names = [upload.name for upload in request.uploads]
                audit.record(session, principal, "concept.imported", concept.id, concept.placeholder, files=names)
                jobs.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job

    return idempotency.retry_on_conflict(make)


def _unpacked(services: Services, request: ImportRequest) -> ImportRequest:
    """The request with the files of a zip in place of the zip. A child process unpacks it."""
    if len(request.uploads) != 1 or not request.uploads[0].name.lower().endswith(".zip"):
        return request
    found = services.pictures.decode(request.uploads[0], unpacked, "file")
    files = [UploadedFile(name, content) for name, content in zip(found.names, found.contents, strict=True)]
    return replace(request, uploads=files)


def _unset(request: ImportRequest) -> list[ConceptField]:
    """The fields that neither the request nor the files beside the embedding fill. The embedding's header may."""
    sent: dict[ConceptField, object] = {
        "name": request.name.strip(),
        "description": request.description,
        "tags": request.tags,
        "kind": request.kind,
        "initializer": request.initializer.strip() or request.initializer_in_files,
    }
    return [field for field, value in sent.items() if not value]


def _pictures(services: Services, request: ImportRequest, model: AllowedModel) -> tuple[list[CleanPicture], list[str]]:
    """The pictures of a folder, clean and with their masks, and their captions. One that cannot be used is left out:
    the embedding is what was asked for."""
    if not request.pictures:
        return [], []
    most = services.settings.pictures_max
    edits = [Edit(mask=mask) for mask in request.masks[:most]]
    checked = services.pictures.check(request.pictures[:most], model.facts.resolution, edits)
    captions = [*request.captions[:most], *[""] * len(checked)]
    kept = [
        (each.picture, captions[each.index]) for each in checked if each.picture is not None and each.problem is None
    ]
    return [picture for picture, _ in kept], [caption for _, caption in kept]


def _check_files(uploads: Sequence[UploadedFile]) -> None:
    """Raise InvalidInput unless these files can be one embedding."""
    if not 1 <= len(uploads) <= EMBEDDINGS_MAX:
        raise InvalidInput(
            f"{len(uploads)} embedding files were sent. Send one, or the two that diffusers writes for SDXL.",
            field="file",
            code="file-count",
        )
    for upload in uploads:
        check_file(upload)


def check_file(upload: UploadedFile) -> None:
    """Raise InvalidInput unless this can be the file of an embedding, by its name and size."""
    if upload.name.lower().endswith(".zip"):
        raise InvalidInput(
            f"{upload.name} is a packed folder, and other files came with it. Send the zip alone.",
            field="file",
            code="file-kind",
        )
    if not upload.name.lower().endswith(SUFFIXES):
        raise InvalidInput(
            f"{upload.name or 'The file'} is not an embedding file. Send a file that ends in "
            f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
            field="file",
            code="file-kind",
        )
    if not upload.content:
        raise InvalidInput(f"{upload.name} has 0 bytes. Export it again.", field="file", code="file-empty")
    limit = embedding_bytes_max(upload.name)
    if len(upload.content) > limit:
        raise InvalidInput(
            f"{upload.name} is larger than {limit / 1e6:.0f} MB, and no embedding is that large. It is probably a "
            "model or a LoRA; send the embedding file.",
            field="file",
            code="file-large",
        )


def _concept(
    session: Session, principal: Principal, request: ImportRequest, model: AllowedModel, initializer: str
) -> Concept:
    taken = queries.placeholders(session, principal.team_id)
    stem = request.uploads[0].name.rpartition(".")[0]
    placeholder = checked_placeholder(model, request.placeholder.strip() or free_placeholder(stem, taken), taken)
    return add(session, principal, request, model, placeholder, initializer)


def _queue(
    session: Session,
    services: Services,
    principal: Principal,
    concept: Concept,
    files: list[ImportFile],
    unset: list[ConceptField],
) -> Job:
    version = Version(
        team_id=principal.team_id,
        concept_id=concept.id,
        number=1,
        state="training",
        base_model=concept.base_model,
        initializer=concept.initializer,
        vectors=1,
        files={},
    )
    session.add(version)
    session.flush()
    spec = ImportSpec(
        concept_id=concept.id,
        version_id=version.id,
        base_model=concept.base_model,
        placeholder=concept.placeholder,
        kind=concept.kind,
        files=files,
        unset=unset,
    )
    job = jobs.about_version(principal, f"Importing {concept.placeholder}", spec)
    version.job_id = job.id
    jobs.submit(session, job, "import", services.settings)
    return job


def store_files(blobs: BlobSavepoint, uploads: Sequence[UploadedFile]) -> list[ImportFile]:
    """Store files from another tool as they are, for a worker to read."""
    files = [ImportFile(key=f"imports/{new_id()}", name=upload.name[:200]) for upload in uploads]
    for file, upload in zip(files, uploads, strict=True):
        blobs.put(file.key, upload.content)
    return files
