"""The endpoints of grids. A grid is a generation, so its pictures are those of `/api/images`, and deleting it is
`DELETE /api/generations/{generation_id}`."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from app.contracts.grids import AxisName
from app.core.errors import NotFound
from app.generation import queries, views
from app.generation.models import Generation
from app.generation.schemas import Drawn, GenerationOut, GenerationPage
from app.grids import service
from app.grids.archive import archive
from app.grids.cells import size_of
from app.grids.request import GridRequest
from app.grids.sheet import sheet
from app.grids.table import Table
from app.services import Services
from app.web import file_responses
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Cursor, Key, Reading, ServicesOf
from app.web.etags import tag_of
from app.web.file_responses import File, Png
from app.web.picture_answers import ANY_FORMAT, Encoders, Wanted
from app.web.rate_limits import count_changes
from app.web.sign_in import MayDraw, Viewer
from app.web.waiting import DRAWING, Wait, answered, ended

router = APIRouter(prefix="/api/grids", tags=["generations"], route_class=BoundedRoute)

Columns = Annotated[
    AxisName | None, Query(description="The axis that runs across. Empty: the last one with several values.")
]


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses=ended(Drawn))
async def create_grid(
    body: GridRequest,
    principal: MayDraw,
    services: ServicesOf,
    request: Request,
    response: Response,
    wait: Wait = 0,
    idempotency_key: Key = None,
) -> Drawn:
    """Draw a grid: a picture for each combination of prompts, concepts, versions, guidance and seeds, in one job. It
    counts as many changes and waiting jobs as drawing its pictures by single requests would."""
    count_changes(request, service.requests_in(size_of(body), services.settings) - 1)
    job_id = await run_in_threadpool(service.draw, services, principal, body, idempotency_key)

    def describe() -> Drawn:
        with services.database.reading() as session:
            return views.describe_drawn(session, principal, job_id)

    return await answered(services, principal, job_id, wait, describe, response, DRAWING)


@router.get("")
def list_grids(
    principal: Viewer,
    session: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Grids of one page.")] = 50,
) -> GenerationPage:
    """The team's grids, newest first, each with its first pictures."""
    found = queries.grids(session, principal.team_id, before=cursor, limit=limit + 1)
    return views.page_of(session, principal, found, limit)


@router.get("/{grid_id}")
def get_grid(grid_id: str, principal: Viewer, session: Reading) -> GenerationOut:
    """One grid with its axes and the pictures drawn so far. A picture's `index` says which cell it is."""
    return views.describe(session, principal, service.get(session, principal.team_id, grid_id))


@router.post("/{grid_id}/resume", status_code=status.HTTP_202_ACCEPTED)
def resume_grid(grid_id: str, principal: MayDraw, services: ServicesOf, request: Request) -> Drawn:
    """Draw the cells that are missing because the job of a grid was cancelled or failed. The others stay as they are.
    The person who asked for the grid may, and administrators."""
    with services.database.transaction() as session:
        left = service.resume(session, services.settings, principal, grid_id)
        count_changes(request, service.requests_in(left, services.settings) - 1)
    with services.database.reading() as session:
        return views.describe_drawn(session, principal, service.get(session, principal.team_id, grid_id).job_id)


@router.get("/{grid_id}/picture", response_class=Png, responses=ANY_FORMAT)
async def get_grid_picture(
    grid_id: str,
    principal: Viewer,
    services: ServicesOf,
    request: Request,
    wanted: Wanted,
    columns: Columns = None,
    download: Annotated[bool, Query(description="Whether a browser saves it instead of showing it.")] = False,
) -> Response:
    """The whole grid as one picture, with the values of its axes beside it. Cells that are not drawn are grey."""
    encoders: Encoders = request.app.state.encoders
    png = await run_sync(_sheet, services, principal.team_id, grid_id, columns, limiter=encoders.limiter)
    answer = await encoders.encoded(png, f"oneword-grid-{grid_id}", wanted, download=download)
    answer.headers["Cache-Control"] = "private, no-cache"  # cells may be missing now and drawn later
    return answer


@router.get("/{grid_id}/archive", response_class=File)
def get_grid_archive(grid_id: str, principal: Viewer, services: ServicesOf, session: Reading) -> Response:
    """A zip of all pictures that are drawn, named by their place in the grid, with the axes as `grid.json`."""
    grid = service.get(session, principal.team_id, grid_id)
    images = queries.images(session, principal.team_id, [grid.id])
    pieces = archive(dict(grid.grid or {}), [(each.position, each.key) for each in images], services.storage)
    tag = tag_of("".join(each.id for each in images).encode())
    return file_responses.pieces(pieces, f"oneword-grid-{grid.id}.zip", tag)


def _sheet(services: Services, team_id: str, grid_id: str, columns: AxisName | None) -> bytes:
    with services.database.reading() as session:
        grid = service.get(session, team_id, grid_id)
        keys = {each.position: each.key for each in queries.images(session, team_id, [grid.id])}
    width, height = _cell(grid)

    def load(index: int) -> bytes | None:
        try:
            return services.storage.get(keys[index]) if index in keys else None
        except NotFound:  # it was removed a moment ago
            return None

    about = grid.grid or {}
    return sheet(Table(about["axes"], columns), about["title"], width, height, load)


def _cell(grid: Generation) -> tuple[int, int]:
    return grid.recipe["width"], grid.recipe["height"]
