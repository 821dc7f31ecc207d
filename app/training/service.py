"""From an upload to a queued training: pictures stored, then concept, version and job in one transaction."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.base_models.catalog import VECTORS_MAX, AllowedModel
from app.base_models.initializers import checked_initializer, checked_placeholder
from app.concepts import queries
from app.concepts.models import Concept, Picture, Version
from app.db import new_id
from app.decoding import Clean
from app.dependencies import Services
from app.errors import Conflict, InvalidInput, NotFound, OnewordError
from app.jobs import queries as jobs
from app.jobs import service as ledger
from app.jobs.models import Job, Submission
from app.pictures import Upload, accepted, count_problem
from app.settings import Settings
from app.storage import Storage
from app.training.spec import PictureSpec, TrainingSpec

KINDS = ("object", "style")


@dataclass(frozen=True)
class Lesson:
    """What somebody asked to be taught, as it was sent."""

    uploads: Sequence[Upload]
    initializer: str | None
    base_model: str | None = None
    placeholder: str = ""
    kind: str = "object"
    name: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    vectors: int | None = None
    steps_max: int | None = None
    mirror: bool | None = None
    seed: int = 0

    def fingerprint(self, concept_id: str = "") -> str:
        """Hash of everything that was sent, for `Idempotency-Key`."""
        pictures = [hashlib.sha256(upload.content).hexdigest() for upload in self.uploads]
        fields = {name: value for name, value in vars(self).items() if name != "uploads"}
        return hashlib.sha256(repr((concept_id, pictures, sorted(fields.items()))).encode()).hexdigest()


def teach(services: Services, principal: Principal, lesson: Lesson, key: str | None) -> tuple[str, str]:
    """Make a concept and the job that teaches it. Returns both ids."""
    settings, database = services.settings, services.database
    with database.reading() as session:
        if (earlier := _submitted(session, principal, key, lesson.fingerprint())) is not None:
            return earlier
        taken = queries.placeholders(session, principal.team_id)
    model = services.catalog.get(lesson.base_model)
    _check_options(lesson, settings)
    count_problem(len(lesson.uploads), settings.pictures_min, settings.pictures_max)
    placeholder = checked_placeholder(model, lesson.placeholder, taken)
    initializer = checked_initializer(model, lesson.initializer or "")
    pictures = _clean(services, lesson, model)
    with _stored(services.storage, pictures) as keys, database.transaction() as session:
        if (earlier := _submitted(session, principal, key, lesson.fingerprint())) is not None:
            return earlier
        checked_placeholder(model, placeholder, queries.placeholders(session, principal.team_id))
        concept = Concept(
            team_id=principal.team_id,
            owner_id=principal.user_id,
            name=lesson.name.strip() or placeholder.strip("<>").replace("-", " "),
            description=lesson.description,
            tags=list(lesson.tags),
            placeholder=placeholder,
            initializer=initializer,
            kind=lesson.kind,
            base_model=model.id,
            family=model.facts.family,
        )
        session.add(concept)
        session.flush()
        rows = [
            Picture(
                team_id=principal.team_id,
                position=position,
                key=blob,
                sha256=picture.sha256,
                media_type="image/png",
                width=picture.stored_width,
                height=picture.stored_height,
            )
            for position, (blob, picture) in enumerate(zip(keys, pictures, strict=True))
        ]
        job = _queue(session, settings, principal, concept, lesson, initializer, rows)
        _remember(session, principal, key, lesson.fingerprint(), job)
    return concept.id, job.id


def teach_again(
    services: Services, principal: Principal, concept_id: str, lesson: Lesson, key: str | None
) -> tuple[str, str]:
    """Another version of a concept; without new pictures, from the newest version's. Both are kept."""
    settings, database, mark = services.settings, services.database, lesson.fingerprint(concept_id)
    with database.reading() as session:
        if (earlier := _submitted(session, principal, key, mark)) is not None:
            return earlier
        concept = _concept(session, principal, concept_id)
    model = services.catalog.get(concept.base_model)
    _check_options(lesson, settings)
    initializer = concept.initializer
    if lesson.initializer is not None:
        initializer = checked_initializer(model, lesson.initializer)
    pictures: list[Clean] = []
    if lesson.uploads:
        count_problem(len(lesson.uploads), settings.pictures_min, settings.pictures_max)
        pictures = _clean(services, lesson, model)
    with _stored(services.storage, pictures) as keys, database.transaction() as session:
        if (earlier := _submitted(session, principal, key, mark)) is not None:
            return earlier
        concept = _concept(session, principal, concept_id)
        versions = queries.versions(session, principal.team_id, [concept.id])
        if any(version.state == "training" for version in versions):
            raise Conflict(
                f"{concept.placeholder} is being taught already. Wait until it is done, or cancel that job first.",
                code="already-training",
            )
        if pictures:
            rows = [
                Picture(
                    team_id=principal.team_id,
                    position=position,
                    key=blob,
                    sha256=picture.sha256,
                    media_type="image/png",
                    width=picture.stored_width,
                    height=picture.stored_height,
                )
                for position, (blob, picture) in enumerate(zip(keys, pictures, strict=True))
            ]
        else:
            rows = _same_pictures(session, principal, versions[0].id if versions else "")
        job = _queue(session, settings, principal, concept, lesson, initializer, rows)
        _remember(session, principal, key, mark, job)
    return concept.id, job.id


def _queue(
    session: Session,
    settings: Settings,
    principal: Principal,
    concept: Concept,
    lesson: Lesson,
    initializer: str,
    pictures: Sequence[Picture],
) -> Job:
    version = Version(
        team_id=principal.team_id,
        concept_id=concept.id,
        number=queries.next_number(session, concept.id),
        state="training",
        base_model=concept.base_model,
        initializer=initializer,
        vectors=lesson.vectors or 1,
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
        pictures=[PictureSpec(key=picture.key, sha256=picture.sha256) for picture in pictures],
        vectors=lesson.vectors,
        steps_max=lesson.steps_max,
        mirror=lesson.mirror,
        seed=lesson.seed,
    )
    job = Job(
        id=new_id(),
        team_id=principal.team_id,
        user_id=principal.user_id,
        title=f"Teaching {concept.placeholder}",
        spec=spec.model_dump(mode="json"),
        concept_id=concept.id,
        version_id=version.id,
    )
    version.job_id = job.id
    ledger.submit(session, job, "training", settings)
    return job


def _clean(services: Services, lesson: Lesson, model: AllowedModel) -> list[Clean]:
    checked = services.pictures.check(lesson.uploads, model.facts.resolution)
    return accepted(checked, services.settings.pictures_min, services.settings.pictures_max)


@contextmanager
def _stored(storage: Storage, pictures: Sequence[Clean]) -> Iterator[list[str]]:
    """Blobs of the pictures; gone again if the block fails, so that nothing stays half-written."""
    keys = [f"pictures/{new_id()}.png" for _ in pictures]
    try:
        for key, picture in zip(keys, pictures, strict=True):
            storage.put(key, picture.content)
        yield keys
    except BaseException:
        for key in keys:
            with suppress(OnewordError):  # the sweep removes what cannot be removed now
                storage.delete(key)
        raise


def _same_pictures(session: Session, principal: Principal, version_id: str) -> list[Picture]:
    found = queries.pictures(session, principal.team_id, [version_id])
    if not found:
        raise InvalidInput(
            "This concept has no stored pictures to learn from. Send pictures with the request.",
            field="images",
            code="picture-count",
        )
    columns = ("team_id", "position", "key", "sha256", "media_type", "width", "height")
    return [Picture(**{name: getattr(picture, name) for name in columns}) for picture in found]


def _concept(session: Session, principal: Principal, concept_id: str) -> Concept:
    concept = queries.by_id(session, principal.team_id, concept_id)
    if concept is None:
        raise NotFound("There is no such concept. It may have been deleted.")
    return concept


def _check_options(lesson: Lesson, settings: Settings) -> None:
    if lesson.kind not in KINDS:
        raise InvalidInput(
            f"The kind {lesson.kind!r} is unknown. A concept is an object or a style.", field="kind", code="kind"
        )
    for name, value, most in (
        ("vectors", lesson.vectors, VECTORS_MAX),
        ("steps_max", lesson.steps_max, settings.steps_max),
    ):
        if value is not None and not 1 <= value <= most:
            raise InvalidInput(f"{name} is {value}, and has to be from 1 to {most}.", field=name, code=name)


def _submitted(session: Session, principal: Principal, key: str | None, mark: str) -> tuple[str, str] | None:
    """What the same `Idempotency-Key` made before. Raises Conflict if it came with something else."""
    earlier = None if key is None else queries.submission(session, principal.team_id, key)
    if earlier is None:
        return None
    job = jobs.by_id(session, principal.team_id, earlier.job_id)
    if earlier.body_hash != mark or job is None:
        raise Conflict(
            "This Idempotency-Key was used for a different request. Send a new key with it.",
            field="Idempotency-Key",
            code="idempotency-key-reused",
        )
    return job.concept_id or "", job.id


def _remember(session: Session, principal: Principal, key: str | None, mark: str, job: Job) -> None:
    if key is not None:
        session.add(Submission(team_id=principal.team_id, key=key, body_hash=mark, job_id=job.id))
