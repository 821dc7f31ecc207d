"""From a request to draw to a queued generation job."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.base_models.catalog import AllowedModel
from app.contracts.generation import GenerationSpec, PictureSpec
from app.contracts.prompts import choices
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
from app.presets import service as presets
from app.services import Services


@dataclass(frozen=True)
class WantedPicture:
    """One picture of a request whose pictures differ. Its prompts have no choices left."""

    prompt: str
    negative_prompt: str
    seed: int
    template: str = ""  # the prompt before its choices were made, if it had any
    guidance: float | None = None  # None: that of the request, or of the base model


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
                wanted = _with_choices(services, session, team_id, request)
                spec = specified(services, session, team_id, request, wanted, sent, generation_id)
                job = queue(session, principal, settings, spec, list(sent.values()))
                job_service.remember_job(session, key, request_hash, job)
                blobs.keep()
        return job.id

    return idempotency.retry_on_conflict(make)


def _request_hash(request: GenerationRequest, files: Mapping[str, Attached]) -> str:
    """The hash of everything that was sent, for `Idempotency-Key`."""
    sent = {field: hashlib.sha256(each.upload.content).hexdigest() for field, each in files.items()}
    return hashlib.sha256(json.dumps([request.model_dump(), sent]).encode()).hexdigest()


def _with_choices(
    services: Services, session: Session, team_id: str, request: GenerationRequest
) -> list[WantedPicture] | None:
    """The pictures of a request whose prompts have choices, each with those that its seed makes. None without any."""
    prompts = {"prompt": request.prompt, "negative_prompt": request.negative_prompt}
    if not any(map(choices.has_choices, prompts.values())):
        return None
    if request.seed is None:
        request.seed = secrets.randbelow(2**31)
    lists, most = presets.lists_for(session, team_id, prompts), services.settings.prompt_characters_max
    return [
        WantedPicture(
            prompt=presets.chosen(request.prompt, seed, lists, "prompt", most),
            negative_prompt=presets.chosen(request.negative_prompt, seed, lists, "negative_prompt", most),
            seed=seed,
            template=request.prompt,
        )
        for seed in range(request.seed, request.seed + request.count)
    ]


def specified(
    services: Services,
    session: Session,
    team_id: str,
    request: GenerationRequest,
    wanted: Sequence[WantedPicture] | None,
    sent: Mapping[str, Source],
    generation_id: str,
    field: str = "prompt",
) -> GenerationSpec:
    """The worker's specification of a request that can be drawn. Raises InvalidInput for one that cannot.

    `wanted` has the pictures if they differ in more than the seed, and `field` is where their prompts come from.
    """
    prompts = {field: [request.prompt], "negative_prompt": [request.negative_prompt]}
    if wanted is not None:
        prompts = {field: _distinct(each.prompt for each in wanted),
                   "negative_prompt": _distinct(each.negative_prompt for each in wanted)}  # fmt: skip
    found = {name: named(session, team_id, "\n".join(texts), name) for name, texts in prompts.items()}
    every = {each.written: each for concepts in found.values() for each in concepts}
    first = next((each.version.base_model for each in every.values()), None)
    model = services.catalog.get(request.base_model or first)
    for name, texts in prompts.items():
        for text in texts:
            check(model, text, [each for each in found[name] if each.written in text], name)
    start = init_images.start(session, team_id, request, sent)
    spec = _spec(request, model, list(every.values()), start, generation_id)
    if wanted is not None:
        spec.pictures = [_picture(each, spec) for each in wanted]
    sizes.check(model, spec.width, spec.height)
    spec.pass_pictures = pass_pictures(
        model.facts.resolution, model.facts.card.steps, services.settings.batch_pictures_max, spec.picture_cost
    )
    if spec.steps > (most := steps_max(spec.scheduler)):
        raise InvalidInput(f"The {spec.scheduler} scheduler takes at most {most} steps.", field="steps", code="steps")
    init_images.check_strength(start, spec.steps)
    return spec


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _picture(wanted: WantedPicture, spec: GenerationSpec) -> PictureSpec:
    return PictureSpec(
        prompt=wanted.prompt,
        negative_prompt=wanted.negative_prompt,
        seed=wanted.seed,
        template="" if wanted.template == wanted.prompt else wanted.template,
        guidance=spec.guidance if wanted.guidance is None else wanted.guidance,
    )


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


def queue(
    session: Session,
    principal: Principal,
    settings: Settings,
    spec: GenerationSpec,
    sent: Sequence[Source],
    grid: dict[str, Any] | None = None,
) -> Job:
    """Write a generation and queue its job. `grid` has title and axes, if its pictures are the cells of a grid."""
    title = (grid or {}).get("title") or spec.prompt
    job = job_of(principal, spec, title)
    generation = Generation(
        id=spec.generation_id,
        team_id=principal.team_id,
        user_id=principal.user_id,
        job_id=job.id,
        prompt=title,
        recipe=spec.recipe(),
        count=spec.count,
        grid=grid,
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


def job_of(principal: Principal, spec: GenerationSpec, title: str) -> Job:
    """A job that draws a generation. The caller submits it."""
    return Job(
        id=new_id(),
        team_id=principal.team_id,
        user_id=principal.user_id,
        title=title[:200],
        spec=spec.model_dump(mode="json"),
        batch_key=spec.batch_key,
        generation_id=spec.generation_id,
    )


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
