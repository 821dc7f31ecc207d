"""Finding and deleting what was drawn. `app.generation.submission` queues a generation."""

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.contracts.jobs import FINAL
from app.core.database import utc_now
from app.core.errors import NotFound
from app.generation import queries
from app.generation.models import Generation, GenerationUpload, Image
from app.jobs import ledger
from app.jobs import queries as jobs


def get(session: Session, team_id: str, generation_id: str) -> Generation:
    """One generation of the team."""
    generation = queries.by_id(session, team_id, generation_id)
    if generation is None:
        raise NotFound("There is no such generation. It may have been deleted.")
    return generation


def get_to_change(session: Session, principal: Principal, generation_id: str) -> Generation:
    """One generation that the principal may delete. Raises NotFound, or Forbidden with the names of those who may."""
    generation = get(session, principal.team_id, generation_id)
    require_owner(session, principal, generation.user_id, "This drawing")
    return generation


def of_job(session: Session, team_id: str, job_id: str) -> Generation:
    """The generation that a job of the team draws."""
    generation = queries.by_job(session, team_id, job_id)
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


def delete(session: Session, principal: Principal, generation: Generation) -> None:
    """Put a generation with its pictures into the bin, and cancel its job if that waits or runs."""
    generation.deleted_at, generation.deleted_by = utc_now(), principal.user_id
    job = jobs.by_id(session, generation.team_id, generation.job_id)
    if job is not None and job.state not in FINAL:
        ledger.cancel(session, job, keep=False)
    session.flush()
