"""Queues a training: stores the pictures, then adds concept, version and job in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.audit import service as audit
from app.base_models.catalog import AllowedModel
from app.base_models.initializers import checked_initializer, checked_placeholder
from app.concepts import queries
from app.concepts.models import Concept, Picture, Version
from app.concepts.service import add, check_room, get_to_change
from app.contracts.limits import KAPPA_MAX, LOSS_WEIGHT_MAX, TRAINING_BATCH_MAX, VECTORS_MAX
from app.contracts.sizes import training_side_problem
from app.contracts.training import KINDS, PictureSpec, TrainingSpec, Tuning
from app.core import idempotency
from app.core.database import new_id
from app.core.errors import Conflict, InvalidInput
from app.core.settings import Settings
from app.core.storage import BlobSavepoint, savepoint
from app.jobs import service as jobs
from app.jobs.models import Job
from app.pictures.cleaning import UploadedFile, accepted, count_problem
from app.pictures.decoding import CleanPicture
from app.pictures.edits import Edit
from app.services import Services
from app.training.changes import PictureChange, captions_of, edits_of, report_prompts


@dataclass(frozen=True)
class TrainingRequest:
    """A request to train a concept, not yet checked."""

    uploads: Sequence[UploadedFile]
    initializer: str | None
    base_model: str | None = None
    placeholder: str = ""
    kind: str = "object"
    name: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    tuning: Tuning = field(default_factory=Tuning)
    changes: Sequence[PictureChange] = ()  # of the pictures at the same places
    prompts: Sequence[str] = ()  # for the report

    def fingerprint(self, concept_id: str = "") -> str:
        """The hash of everything that was sent, for `Idempotency-Key`."""
        pictures = [hashlib.sha256(upload.content).hexdigest() for upload in self.uploads]
        fields = {name: value for name, value in vars(self).items() if name != "uploads"}
        return hashlib.sha256(repr((concept_id, pictures, sorted(fields.items()))).encode()).hexdigest()


def teach(services: Services, principal: Principal, request: TrainingRequest, key: str | None) -> Job:
    """Add a concept and queue the job that trains its first version."""
    settings, team_id, request_hash = services.settings, principal.team_id, request.fingerprint()
    with services.database.reading() as session:
        if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
            return job
        taken = queries.placeholders(session, team_id)
    model = services.catalog.get(request.base_model)
    model.must_be_teachable()
    _check_options(request, settings, model)
    count_problem(len(request.uploads), settings.pictures_min, settings.pictures_max)
    placeholder = checked_placeholder(model, request.placeholder, taken)
    initializer = checked_initializer(model, request.initializer or "")
    captions = captions_of(request.changes, model, placeholder, request.tuning.vectors)
    prompts = report_prompts(request.prompts, model, placeholder)
    pictures = _clean(services, request, model)

    def make() -> Job:
        with savepoint(services.storage) as blobs:
            rows = store_pictures(blobs, team_id, pictures, captions)
            with services.database.transaction() as session:
                if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
                    return job
                checked_placeholder(model, placeholder, queries.placeholders(session, team_id))
                concept = add(session, principal, request, model, placeholder, initializer)
                check_room(session, team_id, settings.concepts_max)
                job = _queue(session, settings, principal, concept, request, initializer, rows, prompts)
                audit.record(session, principal, "concept.created", concept.id, placeholder, pictures=len(rows))
                jobs.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job

    return idempotency.retry_on_conflict(make)


def teach_again(
    services: Services, principal: Principal, concept_id: str, request: TrainingRequest, key: str | None
) -> Job:
    """Add a version to a concept and queue its training. Without new pictures it uses those of the newest version."""
    settings, team_id, request_hash = services.settings, principal.team_id, request.fingerprint(concept_id)
    with services.database.reading() as session:
        if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
            return job
        concept = get_to_change(session, principal, concept_id)
    model = services.catalog.get(concept.base_model)
    model.must_be_teachable()
    _check_options(request, settings, model)
    initializer = concept.initializer
    if request.initializer is not None or not initializer:  # an imported concept may have none
        initializer = checked_initializer(model, request.initializer or "")
    captions = captions_of(request.changes, model, concept.placeholder, request.tuning.vectors)
    prompts = report_prompts(request.prompts, model, concept.placeholder)
    pictures: list[CleanPicture] = []
    if request.uploads:
        count_problem(len(request.uploads), settings.pictures_min, settings.pictures_max)
        pictures = _clean(services, request, model)

    def make() -> Job:
        with savepoint(services.storage) as blobs:
            rows = store_pictures(blobs, team_id, pictures, captions)
            with services.database.transaction() as session:
                if (job := jobs.earlier_job(session, team_id, key, request_hash)) is not None:
                    return job
                concept = get_to_change(session, principal, concept_id)
                versions = queries.versions(session, team_id, [concept.id])
                _check_not_training(concept, versions)
                rows = rows or _same_pictures(session, concept, versions, request.changes, captions)
                job = _queue(session, settings, principal, concept, request, initializer, rows, prompts)
                label, new = concept.placeholder, bool(pictures)
                audit.record(session, principal, "concept.taught-again", concept.id, label, new_pictures=new)
                jobs.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job

    return idempotency.retry_on_conflict(make)


def _queue(
    session: Session,
    settings: Settings,
    principal: Principal,
    concept: Concept,
    request: TrainingRequest,
    initializer: str,
    pictures: Sequence[Picture],
    prompts: list[str],
) -> Job:
    version = Version(
        team_id=principal.team_id,
        concept_id=concept.id,
        number=queries.next_number(session, concept.team_id, concept.id),
        state="training",
        base_model=concept.base_model,
        initializer=initializer,
        vectors=request.tuning.vectors or 1,
        files={},
    )
    session.add(version)
    session.flush()
    for picture in pictures:
        picture.version_id = version.id
    session.add_all(pictures)
    spec = TrainingSpec(
        concept_id=concept.id,
        version_id=version.id,
        base_model=concept.base_model,
        placeholder=concept.placeholder,
        initializer=initializer,
        kind=concept.kind,
        pictures=[
            PictureSpec(
                key=picture.key, sha256=picture.sha256, mask_key=picture.mask_key, caption=picture.caption or ""
            )
            for picture in pictures
        ],
        prompts=prompts,
        **request.tuning.model_dump(),
    )
    job = jobs.about_version(principal, f"Teaching {concept.placeholder}", spec)
    version.job_id = job.id
    jobs.submit(session, job, "training", settings)
    return job


def _clean(services: Services, request: TrainingRequest, model: AllowedModel) -> list[CleanPicture]:
    edits = edits_of(request.changes, len(request.uploads))
    checked = services.pictures.check(request.uploads, model.facts.resolution, edits)
    return accepted(checked, services.settings.pictures_min, services.settings.pictures_max)


def store_pictures(
    blobs: BlobSavepoint, team_id: str, pictures: Sequence[CleanPicture], captions: Sequence[str | None] = ()
) -> list[Picture]:
    """Store the blobs of the pictures. Returns the rows that name the blobs, with the captions at the same places."""
    rows = []
    for position, picture in enumerate(pictures):
        key = f"pictures/{new_id()}.png"
        mask_key = None if picture.mask is None else f"pictures/{new_id()}-mask.png"
        blobs.put(key, picture.content)
        if mask_key is not None and picture.mask is not None:
            blobs.put(mask_key, picture.mask)
        rows.append(
            Picture(
                team_id=team_id,
                position=position,
                key=key,
                sha256=picture.sha256,
                media_type="image/png",
                width=picture.stored_width,
                height=picture.stored_height,
                mask_key=mask_key,
                bytes=len(picture.content) + len(picture.mask or b""),
                caption=(captions[position] or "") if position < len(captions) else "",
            )
        )
    return rows


def _same_pictures(
    session: Session,
    concept: Concept,
    versions: Sequence[Version],
    changes: Sequence[PictureChange],
    captions: Sequence[str | None],
) -> list[Picture]:
    """Copies of the picture rows of the newest version that has pictures, with the captions that the request sends."""
    if any(change.edit != Edit() for change in changes):
        raise InvalidInput(
            "A square or a mask was sent without its picture. Send the pictures too; only captions can change alone.",
            field="edits",
            code="edits",
        )
    every = queries.pictures(session, concept.team_id, [version.id for version in versions])
    newest = next((version.id for version in versions if any(p.version_id == version.id for p in every)), None)
    if newest is None:
        raise InvalidInput(
            f"{concept.placeholder} has no stored pictures to learn from. Send pictures with the request.",
            field="images",
            code="picture-count",
        )
    copies = [picture.copy() for picture in every if picture.version_id == newest]
    edits_of(changes, len(copies))
    for picture, caption in zip(copies, captions, strict=False):
        picture.caption = picture.caption if caption is None else caption
    return copies


def _check_not_training(concept: Concept, versions: Sequence[Version]) -> None:
    if any(version.state == "training" for version in versions):
        raise Conflict(
            f"{concept.placeholder} is being taught already. Wait until it is done, or cancel that job first.",
            code="already-training",
        )


def _check_options(request: TrainingRequest, settings: Settings, model: AllowedModel) -> None:
    if request.kind not in KINDS:
        raise InvalidInput(
            f"The kind {request.kind!r} is unknown. A concept is an object or a style.", field="kind", code="kind"
        )
    for name, least, most in (
        ("vectors", 1, VECTORS_MAX),
        ("steps_max", 1, settings.steps_max),
        ("batch", 1, TRAINING_BATCH_MAX),
        ("kappa", 0, KAPPA_MAX),
        ("context_weight", 0, LOSS_WEIGHT_MAX),
        ("snr_gamma", 0, LOSS_WEIGHT_MAX),
    ):
        value = getattr(request.tuning, name)
        if value is not None and not least <= value <= most:  # also refuses NaN
            raise InvalidInput(f"{name} is {value:g}, and has to be from {least} to {most:g}.", field=name, code=name)
    side = request.tuning.resolution
    if side is not None and (problem := training_side_problem(side, model.facts.resolution)) is not None:
        raise InvalidInput(problem, field="resolution", code="resolution")
