"""What was drawn, as its team sees it. How a drawing is ordered is in `app.generation.submission`."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.contracts.jobs import FINAL
from app.core.database import utc_now
from app.core.errors import NotFound
from app.generation import queries
from app.generation.models import Generation, GenerationUpload, Image
from app.generation.schemas import Drawn, GenerationOut, GenerationPage, ImageOut
from app.jobs import ledger
from app.jobs import queries as jobs
from app.jobs import service as job_service
from app.jobs.schemas import Person


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


def upload(session: Session, team_id: str, upload_id: str) -> GenerationUpload:
    """A picture that the team sent to draw from."""
    found = queries.upload(session, team_id, upload_id)
    if found is None:
        raise NotFound("There is no such picture. It, or the drawing it was sent for, may have been deleted.")
    return found


def page(session: Session, team_id: str, *, concept: str | None, cursor: str | None, limit: int) -> GenerationPage:
    """The team's generations, newest first; only those with a concept, if one is given."""
    found = queries.page(session, team_id, concept=concept, before=cursor, limit=limit + 1)
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
    states = jobs.states(session, team_id, [generation.job_id for generation in generations])
    names = concepts.names(session, {generation.user_id for generation in generations})
    return [
        GenerationOut(
            id=generation.id,
            state=states[generation.job_id],
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
