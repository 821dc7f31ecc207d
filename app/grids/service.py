"""From a request for a grid to a queued job, and going on with a grid whose job has ended.

A grid is a generation whose pictures differ in more than the seed. Its cells are pictures like any others: they can be
kept, drawn again and deleted, and a worker that dies leaves those that it has stored.
"""

import secrets

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.contracts.generation import GenerationSpec
from app.contracts.jobs import FINAL
from app.core import idempotency
from app.core.database import new_id
from app.core.errors import Conflict, InvalidInput, NotFound, PromptError, TooMany
from app.core.settings import Settings
from app.generation import queries
from app.generation import service as generations
from app.generation.models import Generation
from app.generation.request import GenerationRequest
from app.generation.submission import WantedPicture, job_of, queue, specified
from app.grids.cells import Cell, axes_of, cells_of
from app.grids.request import GridRequest
from app.jobs import queries as jobs
from app.jobs import service as job_service
from app.jobs.forecast import seconds_until_next
from app.presets import service as presets
from app.services import Services


def requests_in(pictures: int, settings: Settings) -> int:
    """How many requests of `count_max` pictures would draw as many: so many changes and waiting jobs a grid counts."""
    return -(-pictures // settings.count_max)


def draw(services: Services, principal: Principal, request: GridRequest, key: str | None) -> str:
    """Queue a grid. Returns the id of its job."""
    settings, team_id = services.settings, principal.team_id
    request_hash = idempotency.hash_request("grid", request.model_dump_json())
    seeds = request.seeds or [secrets.randbelow(2**31)]
    cells = cells_of(request, seeds, settings.grid_cells_max)
    _check_texts(request, cells, settings.prompt_characters_max)

    def make() -> str:
        with services.database.transaction() as session:
            if (earlier := job_service.earlier_job(session, team_id, key, request_hash)) is not None:
                return earlier.id
            _check_queue(session, team_id, len(cells), settings)
            wanted = _wanted(services, session, team_id, cells)
            common = _common(request, wanted)
            spec = specified(services, session, team_id, common, wanted, {}, new_id(), "prompts")
            spec.prompt = request.prompts[0]
            grid = {"title": request.title, "axes": axes_of(request, seeds)}
            job = queue(session, principal, settings, spec, [], grid)
            job_service.remember_job(session, key, request_hash, job)
        return job.id

    return idempotency.retry_on_conflict(make)


def get(session: Session, team_id: str, grid_id: str) -> Generation:
    """One grid of the team."""
    found = queries.by_id(session, team_id, grid_id)
    if found is None or found.grid is None:
        raise NotFound("There is no such grid. It may have been deleted.")
    return found


def resume(session: Session, settings: Settings, principal: Principal, grid_id: str) -> int:
    """Queue the cells of a grid that its last job left undrawn, because it was cancelled or failed. Returns how many.

    Raises Conflict while the job goes on, and for a grid that has all its cells.
    """
    grid = get(session, principal.team_id, grid_id)
    generations.get_to_change(session, principal, grid_id)
    job = job_service.get(session, principal.team_id, grid.job_id)
    if job.state not in FINAL:
        raise Conflict("This grid is being drawn already. Wait until its job has ended.", code="grid-running")
    left = grid.count - len(queries.images(session, principal.team_id, [grid.id]))
    if left <= 0:
        raise Conflict("Every cell of this grid is drawn. Ask for a new grid to draw others.", code="grid-complete")
    _check_queue(session, principal.team_id, left, settings)
    spec = GenerationSpec.model_validate(job.spec | {"pictures_left": left})
    following = job_of(principal, spec, grid.prompt)
    job_service.submit(session, following, "generation", settings)
    grid.job_id = following.id
    session.flush()
    queries.move_images(session, principal.team_id, grid.id, following.id)
    return left


def _check_texts(request: GridRequest, cells: list[Cell], characters_max: int) -> None:
    for prompt in request.prompts:
        if not prompt.strip():
            raise PromptError("A prompt is empty. Say what to draw.", field="prompts", code="prompt-empty")
    texts = [("prompts", each.prompt) for each in cells] + [("negative_prompt", each.negative_prompt) for each in cells]
    for field, text in texts:
        if len(text) > characters_max:
            raise PromptError(
                f"A prompt has {len(text)} characters, and at most {characters_max} are read. Shorten it.",
                field=field,
                code="prompt-too-long",
            )


def _check_queue(session: Session, team_id: str, pictures: int, settings: Settings) -> None:
    """Raise TooMany for a grid that counts more waiting jobs than the team may still have."""
    counts = requests_in(pictures, settings)
    free = settings.queued_jobs_max - jobs.waiting(session, team_id, settings.count_max)
    if counts > settings.queued_jobs_max:
        raise InvalidInput(
            f"A grid of {pictures} pictures counts as {counts} jobs, and a team may have {settings.queued_jobs_max} "
            "waiting. Take values off its axes.",
            field="prompts",
            code="grid-too-large",
        )
    if counts > free:
        raise TooMany(
            f"A grid of {pictures} pictures counts as {counts} waiting jobs, and your team may add {max(free, 0)} now. "
            "Try again when some are done, or take values off its axes.",
            code="queue-full",
            retry_after=seconds_until_next(session, team_id),
        )


def _wanted(services: Services, session: Session, team_id: str, cells: list[Cell]) -> list[WantedPicture]:
    """The cells with the choices that their seeds make."""
    texts = {"prompts": "\n".join({each.prompt for each in cells}), "negative_prompt": cells[0].negative_prompt}
    lists, most = presets.lists_for(session, team_id, texts), services.settings.prompt_characters_max
    return [
        WantedPicture(
            prompt=presets.chosen(cell.prompt, cell.seed, lists, "prompts", most),
            negative_prompt=presets.chosen(cell.negative_prompt, cell.seed, lists, "negative_prompt", most),
            seed=cell.seed,
            template=cell.prompt,
            guidance=cell.guidance,
        )
        for cell in cells
    ]


def _common(request: GridRequest, wanted: list[WantedPicture]) -> GenerationRequest:
    """What the cells share, as a request to draw."""
    return GenerationRequest(
        prompt=wanted[0].prompt,
        negative_prompt=wanted[0].negative_prompt,
        base_model=request.base_model,
        count=len(wanted),
        seed=wanted[0].seed,
        steps=request.steps,
        guidance=wanted[0].guidance,
        scheduler=request.scheduler,
        width=request.width,
        height=request.height,
    )
