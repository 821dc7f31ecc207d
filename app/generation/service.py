"""From a prompt to a queued drawing, and what came of it."""

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app import idempotency
from app.accounts.principal import Principal
from app.base_models.catalog import AllowedModel
from app.concepts import queries as concepts
from app.db import new_id, utc_now
from app.dependencies import Services
from app.errors import InvalidInput, NotFound, PromptError
from app.generation import queries
from app.generation.models import Generation, Image
from app.generation.prompts import Named, check, named
from app.generation.schemas import Drawn, GenerationIn, GenerationOut, GenerationPage, ImageOut
from app.generation.spec import GenerationSpec
from app.jobs import ledger
from app.jobs import queries as jobs
from app.jobs import service as job_service
from app.jobs.models import Job
from app.jobs.schemas import Person
from app.jobs.states import FINAL
from app.settings import Settings

LCM_STEPS_MAX = 50


def draw(services: Services, principal: Principal, asked: GenerationIn, key: str | None) -> str:
    """Queue a drawing. Returns the job's id."""
    settings, team_id = services.settings, principal.team_id
    mark = hashlib.sha256(json.dumps(asked.model_dump()).encode()).hexdigest()
    _check_sizes(asked, settings)

    def make() -> str:
        with services.database.transaction() as session:
            if (earlier := idempotency.earlier(session, team_id, key, mark)) is not None:
                return earlier.id
            wanted = named(session, team_id, asked.prompt, "prompt")
            unwanted = named(session, team_id, asked.negative_prompt, "negative_prompt")
            first = next((each.version.base_model for each in (*wanted, *unwanted)), None)
            model = services.catalog.get(asked.base_model or first)
            check(model, asked.prompt, wanted, "prompt")
            check(model, asked.negative_prompt, unwanted, "negative_prompt")
            every = {each.written: each for each in (*wanted, *unwanted)}
            job = _queue(session, principal, settings, _spec(asked, model, list(every.values())))
            idempotency.remember(session, key, mark, job)
            return job.id

    return idempotency.despite_racers(make)


def describe_drawn(session: Session, team_id: str, job_id: str) -> Drawn:
    """A drawing's job and generation."""
    job = job_service.get(session, team_id, job_id)
    generation = queries.by_job(session, team_id, job_id)
    if generation is None:
        raise NotFound("There is no such generation. It may have been deleted.")
    return Drawn(job=job_service.describe(session, job), generation=describe(session, [generation])[0])


def get(session: Session, team_id: str, generation_id: str) -> Generation:
    """One generation of the team."""
    generation = queries.by_id(session, team_id, generation_id)
    if generation is None:
        raise NotFound("There is no such generation. It may have been deleted.")
    return generation


def image(session: Session, team_id: str, image_id: str) -> Image:
    """One drawn picture of the team."""
    found = queries.image(session, team_id, image_id)
    if found is None:
        raise NotFound("There is no such picture. It may have been deleted.")
    return found


def page(session: Session, team_id: str, *, cursor: str | None, limit: int) -> GenerationPage:
    """The team's generations, newest first."""
    found = queries.page(session, team_id, before=cursor, limit=limit + 1)
    shown = found[:limit]
    return GenerationPage(items=describe(session, shown), next=shown[-1].id if len(found) > limit else None)


def delete(session: Session, generation: Generation) -> None:
    """Remove a generation with its pictures; one that still waits or runs is cancelled."""
    generation.deleted_at = utc_now()
    job = jobs.by_id(session, generation.team_id, generation.job_id)
    if job is not None and job.state not in FINAL:
        ledger.cancel(session, job, keep=False)
    session.flush()


def describe(session: Session, generations: Sequence[Generation]) -> list[GenerationOut]:
    """Generations of one team with their pictures."""
    if not generations:
        return []
    team_id = generations[0].team_id
    pictures: dict[str, list[Image]] = defaultdict(list)
    for found in queries.images(session, team_id, [generation.id for generation in generations]):
        pictures[found.generation_id or ""].append(found)
    names = concepts.names(session, {generation.user_id for generation in generations})
    return [
        GenerationOut(
            id=generation.id,
            state=job_service.get(session, team_id, generation.job_id).state,
            prompt=generation.prompt,
            recipe=generation.recipe,
            count=generation.count,
            images=[describe_image(each) for each in pictures[generation.id]],
            job_id=generation.job_id,
            created_by=Person(id=generation.user_id, name=names.get(generation.user_id, "")),
            created_at=generation.created_at,
        )
        for generation in generations
    ]


def describe_image(image: Image) -> ImageOut:
    """A drawn picture as its team sees it."""
    return ImageOut(
        id=image.id,
        url=f"/api/images/{image.id}",
        index=image.position,
        seed=image.seed,
        width=image.width,
        height=image.height,
        recipe=image.recipe,
        kept=image.kept_at is not None,
        created_at=image.created_at,
    )


def _spec(asked: GenerationIn, model: AllowedModel, every: Sequence[Named]) -> GenerationSpec:
    facts = model.facts
    return GenerationSpec(
        generation_id=new_id(),
        base_model=model.id,
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        count=asked.count,
        seed=secrets.randbelow(2**31) if asked.seed is None else asked.seed,
        steps=facts.steps if asked.steps is None else asked.steps,
        guidance=facts.guidance if asked.guidance is None else asked.guidance,
        scheduler=asked.scheduler or facts.scheduler,
        width=asked.width or facts.resolution,
        height=asked.height or facts.resolution,
        concepts=[each.spec for each in every],
    )


def _queue(session: Session, principal: Principal, settings: Settings, spec: GenerationSpec) -> Job:
    recipe = spec.model_dump(exclude={"generation_id", "count", "concepts", "init_image_key", "mask_key", "strength"})
    recipe["concepts"] = [
        {"concept_id": each.concept_id, "placeholder": each.placeholder, "version": each.version}
        for each in spec.concepts
    ]
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
        recipe=recipe,
        count=spec.count,
    )
    session.add(generation)
    job_service.submit(session, job, "generation", settings)
    return job


def _check_sizes(asked: GenerationIn, settings: Settings) -> None:
    if not asked.prompt.strip():
        raise PromptError("The prompt is empty. Say what to draw.", field="prompt", code="prompt-empty")
    for name, text in (("prompt", asked.prompt), ("negative_prompt", asked.negative_prompt)):
        if len(text) > settings.prompt_characters_max:
            raise PromptError(
                f"The {name.replace('_', ' ')} has {len(text)} characters, and at most "
                f"{settings.prompt_characters_max} are read. Shorten it.",
                field=name,
                code="prompt-too-long",
            )
    if asked.count > settings.count_max:
        raise InvalidInput(
            f"{asked.count} pictures were asked for, and one request draws at most {settings.count_max}.",
            field="count",
            code="count",
        )
    if asked.scheduler == "lcm" and (asked.steps or 0) > LCM_STEPS_MAX:
        raise InvalidInput(f"The lcm scheduler takes at most {LCM_STEPS_MAX} steps.", field="steps", code="steps")
