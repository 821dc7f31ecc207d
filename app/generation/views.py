"""Builds the responses about generations. A page of generations takes a few queries, whatever its length."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.generation import queries, service
from app.generation.models import Generation, Image
from app.generation.recipes import Recovered
from app.generation.schemas import Drawn, GenerationOut, GenerationPage, GridOut, ImageOut, RecoveredRequest
from app.jobs import queries as jobs
from app.jobs import service as job_service
from app.jobs import views as job_views
from app.jobs.schemas import Person

CELLS_IN_LISTS: Final = 8  # of a grid


def describe_drawn(session: Session, reader: Principal, job_id: str) -> Drawn:
    """A generation and the job that draws it."""
    job = job_service.get(session, reader.team_id, job_id)
    generation = service.of_job(session, reader.team_id, job_id)
    return Drawn(job=job_views.describe(session, job), generation=describe(session, reader, generation))


def page(session: Session, reader: Principal, *, concept: str | None, cursor: str | None, limit: int) -> GenerationPage:
    """The team's generations, newest first; only those with a concept, if one is given."""
    found = queries.page(session, reader.team_id, concept=concept, before=cursor, limit=limit + 1)
    return page_of(session, reader, found, limit)


def page_of(session: Session, reader: Principal, found: Sequence[Generation], limit: int) -> GenerationPage:
    """The first `limit` of these generations, of whose grids only the first cells are shown."""
    shown = found[:limit]
    items = describe_all(session, reader, shown, cells_max=CELLS_IN_LISTS)
    return GenerationPage(items=items, next=shown[-1].id if len(found) > limit else None)


def describe(session: Session, reader: Principal, generation: Generation) -> GenerationOut:
    """A generation with its pictures, as the reader sees it."""
    return describe_all(session, reader, [generation])[0]


def describe_all(
    session: Session, reader: Principal, generations: Sequence[Generation], *, cells_max: int | None = None
) -> list[GenerationOut]:
    """Generations of one team with their pictures; of a grid the first `cells_max`, if that is given."""
    if not generations:
        return []
    team_id = generations[0].team_id
    pictures: dict[str, list[Image]] = defaultdict(list)
    grids = [each.id for each in generations if each.grid is not None]
    first = {} if cells_max is None else dict.fromkeys(grids, cells_max)
    for found in queries.images(session, team_id, [generation.id for generation in generations], first):
        pictures[found.generation_id or ""].append(found)
    states = jobs.states(session, team_id, [generation.job_id for generation in generations])
    names = accounts.names(session, {generation.user_id for generation in generations})
    return [
        GenerationOut(
            id=generation.id,
            state=states[generation.job_id],
            prompt=generation.prompt,
            recipe=generation.recipe,
            count=generation.count,
            images=[describe_image(each) for each in pictures[generation.id]],
            grid=None if generation.grid is None else GridOut.model_validate(generation.grid),
            job_id=generation.job_id,
            created_by=Person(id=generation.user_id, name=names.get(generation.user_id, "")),
            may_change=reader.may_change(generation.user_id),
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


def describe_recovered(recovered: Recovered) -> RecoveredRequest:
    """A request that was recovered from a picture's recipe."""
    return RecoveredRequest(order=recovered.request, read_from=recovered.read_from, notes=list(recovered.notes))
