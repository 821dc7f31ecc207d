"""Drawing over REST."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status
from starlette.concurrency import run_in_threadpool

from app.accounts.principal import Member, Viewer
from app.dependencies import Reading, Services, ServicesOf, UnitOfWork
from app.generation import service
from app.generation.schemas import Drawn, GenerationIn, GenerationOut, GenerationPage, ImageOut
from app.generation.waiting import end_of
from app.jobs.states import FINAL
from app.serving import Png, png

router = APIRouter(prefix="/api", tags=["generations"])


@router.post(
    "/generations",
    status_code=status.HTTP_202_ACCEPTED,
    responses={200: {"model": Drawn, "description": "With `wait`: it is done."}},
)
async def create_generation(
    body: GenerationIn,
    principal: Member,
    services: ServicesOf,
    response: Response,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds to hold the request until it is done.")] = 0,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
) -> Drawn:
    """Draw. The answer names the job to watch; with `wait` it comes when the pictures are there."""
    job_id = await run_in_threadpool(service.draw, services, principal, body, idempotency_key)
    if wait:
        await end_of(services, job_id, wait)
    drawn = await run_in_threadpool(_describe, services, principal.team_id, job_id)
    if drawn.job.state in FINAL:
        response.status_code = status.HTTP_200_OK
    return drawn


@router.get("/generations")
def list_generations(
    principal: Viewer,
    session: Reading,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> GenerationPage:
    """What the team drew, newest first."""
    return service.page(session, principal.team_id, cursor=cursor, limit=limit)


@router.get("/generations/{generation_id}")
def get_generation(generation_id: str, principal: Viewer, session: Reading) -> GenerationOut:
    """One generation with the pictures that are there."""
    return service.describe(session, [service.get(session, principal.team_id, generation_id)])[0]


@router.delete("/generations/{generation_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_generation(generation_id: str, principal: Member, session: UnitOfWork) -> None:
    """Remove a generation with its pictures."""
    service.delete(session, service.get(session, principal.team_id, generation_id))


@router.get("/images/{image_id}", response_class=Png)
def get_image(
    image_id: str, principal: Viewer, services: ServicesOf, session: Reading, download: bool = False
) -> Response:
    """A drawn picture as PNG, with its recipe in the metadata."""
    image = service.image(session, principal.team_id, image_id)
    return png(services.storage.get(image.key), f"oneword-{image.id}.png", download=download)


@router.get("/images/{image_id}/recipe")
def get_recipe(image_id: str, principal: Viewer, session: Reading) -> ImageOut:
    """All that is needed to draw a picture again."""
    return service.describe_image(service.image(session, principal.team_id, image_id))


def _describe(services: Services, team_id: str, job_id: str) -> Drawn:
    with services.database.reading() as session:
        return service.describe_drawn(session, team_id, job_id)
