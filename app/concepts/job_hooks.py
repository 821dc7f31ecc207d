"""What happens to a version and its concept when their job ends without success."""

from sqlalchemy.orm import Session

from app.concepts import queries, versions
from app.jobs import hooks
from app.jobs.models import Job


@hooks.on_final_state
def end_version(session: Session, job: Job) -> None:
    """A version that was not made ready ends as its job did: `failed` or `cancelled`.

    A version whose result is stored already becomes ready although its job failed afterwards: the concept is trained.
    """
    if job.version_id is None or job.state == "succeeded":
        return
    if job.state == "failed":
        found = queries.version_in_library(session, job.team_id, job.version_id)
        if found is not None and found[0].state == "training" and found[0].files:
            versions.publish(session, *found)
            return
    queries.end_training(session, job.team_id, job.version_id, job.state, job.finished_at)


@hooks.on_final_state
def withdraw_failed_import(session: Session, job: Job) -> None:
    """A concept that could not be imported leaves the library.

    It has no embedding to draw with and no pictures to train on. The job, which the queue shows, has the reason.
    """
    if job.kind == "import" and job.concept_id is not None and job.state != "succeeded":
        queries.withdraw(session, job.team_id, job.concept_id, job.finished_at)
