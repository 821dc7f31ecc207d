"""From a request to draw to a queued generation job."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.base_models.catalog import AllowedModel
from app.contracts.generation import GenerationSpec
from app.contracts.schedulers import steps_max
from app.contracts.sizes import pass_pictures
from app.core import idempotency
from app.core.database import new_id
from app.core.errors import InvalidInput, PromptError
from app.core.settings import Settings
from app.core.storage import savepoint
from app.generation import init_images, sizes
from app.generation.init_images import Attached, InitImage, Source
from app.generation.models import Generation, GenerationConcept
from app.generation.prompts import Named, check, named
from app.generation.request import GenerationRequest
from app.jobs import service as job_service
from app.jobs.models import Job
from app.services import Services


def draw(
    services: Services,
    principal: Principal,
    request: GenerationRequest,
    key: str | None,
    files: Mapping[str, Attached] | None = None,
) -> str:
    """Queue a generation. `files` are an initial picture and its mask, by field. Returns the job's id."""
    settings, team_id = services.settings, principal.team_id
    # An upload counts by its id, because it may be gone when the key comes again.
    request_hash = _request_hash(request, files or {})
    if key is not None:
        with services.database.reading() as session:
            if (earlier := job_service.earlier_job(session, team_id, key, request_hash)) is not None:
                return earlier.id
    request, uploads = init_images.from_uploads(services, team_id, request)
    files = {**(files or {}), **uploads}
    _check_sizes(request, settings)
    pictures = init_images.cleaned(services.pictures, files)

    def make() -> str:
        generation_id = new_id()
        with savepoint(services.storage) as blobs:
            sent = init_images.stored(team_id, pictures, blobs, generation_id)
            with services.database.transaction() as session:
                if (earlier := job_service.earlier_job(session, team_id, key, request_hash)) is not None:
                    return earlier.id
                spec = _checked(services, session, team_id, request, sent, generation_id)
                job = _queue(session, principal, settings, spec, list(sent.values()))
                job_service.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job.id

    return idempotency.retry_on_conflict(make)


def _request_hash(request: GenerationRequest, files: Mapping[str, Attached]) -> str:
    """The hash of everything that was sent, for `Idempotency-Key`."""
    sent = {field: hashlib.sha256(each.upload.content).hexdigest() for field, each in files.items()}
    return hashlib.sha256(json.dumps([request.model_dump(), sent]).encode()).hexdigest()


def _checked(
    services: Services,
    session: Session,
    team_id: str,
    request: GenerationRequest,
    sent: Mapping[str, Source],
    generation_id: str,
) -> GenerationSpec:
    """The worker's specification of a request that can be drawn. Raises InvalidInput for one that cannot."""
    positive = named(session, team_id, request.prompt, "prompt")
    negative = named(session, team_id, request.negative_prompt, "negative_prompt")
    first = next((each.version.base_model for each in (*positive, *negative)), None)
    model = services.catalog.get(request.base_model or first)
    check(model, request.prompt, positive, "prompt")
    check(model, request.negative_prompt, negative, "negative_prompt")
    start = init_images.start(session, team_id, request, sent)
    every = {each.written: each for each in (*positive, *negative)}
    spec = _spec(request, model, list(every.values()), start, generation_id)
    sizes.check(model, spec.width, spec.height)
    spec.pass_pictures = pass_pictures(
        model.facts.resolution, model.facts.card.steps, services.settings.batch_pictures_max, spec.picture_cost
    )
    if spec.steps > (most := steps_max(spec.scheduler)):
        raise InvalidInput(f"The {spec.scheduler} scheduler takes at most {most} steps.", field="steps", code="steps")
    init_images.check_strength(start, spec.steps)
    return spec


def _spec(
    request: GenerationRequest, model: AllowedModel, every: Sequence[Named], start: InitImage, generation_id: str
) -> GenerationSpec:
    facts = model.facts
    own = None if request.mask_padding is not None else start.size(model.size_limit)
    width, height = own or (facts.resolution, facts.resolution)
    return GenerationSpec(
        generation_id=generation_id,
        base_model=model.id,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        count=request.count,
        seed=secrets.randbelow(2**31) if request.seed is None else request.seed,
        steps=facts.card.steps if request.steps is None else request.steps,
        guidance=facts.card.guidance if request.guidance is None else request.guidance,
        scheduler=request.scheduler or facts.card.scheduler,
        width=request.width or width,
        height=request.height or height,
        concepts=[each.spec for each in every],
        init_image=start.picture and start.picture.ref,
        init_image_key=start.picture and start.picture.key,
        mask=start.mask and start.mask.ref,
        mask_key=start.mask and start.mask.key,
        mask_padding=request.mask_padding,
        strength=start.strength,
    )


def _queue(
    session: Session, principal: Principal, settings: Settings, spec: GenerationSpec, sent: Sequence[Source]
) -> Job:
    job = Job(
        id=new_id(),
        team_id=principal.team_id,
        user_id=principal.user_id,
        title=spec.prompt[:200],
        spec=spec.model_dump(mode="json"),
        batch_key=spec.batch_key,
        generation_id=spec.generation_id,
    )
    generation = Generation(
        id=spec.generation_id,
        team_id=principal.team_id,
        user_id=principal.user_id,
        job_id=job.id,
        prompt=spec.prompt,
        recipe=spec.recipe(spec.seed),
        count=spec.count,
    )
    session.add(generation)
    session.flush()
    session.add_all(each.row for each in sent if each.row is not None)
    concept_ids = {each.concept_id for each in spec.concepts}
    session.add_all(
        GenerationConcept(concept_id=concept_id, generation_id=generation.id, team_id=principal.team_id)
        for concept_id in concept_ids
    )
    job_service.submit(session, job, "generation", settings)
    return job


def _check_sizes(request: GenerationRequest, settings: Settings) -> None:
    if not request.prompt.strip():
        raise PromptError("The prompt is empty. Say what to draw.", field="prompt", code="prompt-empty")
    for name, text in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt)):
        if len(text) > settings.prompt_characters_max:
            raise PromptError(
                f"The {name.replace('_', ' ')} has {len(text)} characters, and at most "
                f"{settings.prompt_characters_max} are read. Shorten it.",
                field=name,
                code="prompt-too-long",
            )
    if request.count > settings.count_max:
        raise InvalidInput(
            f"{request.count} pictures were asked for, and one request draws at most {settings.count_max}.",
            field="count",
            code="count",
        )
