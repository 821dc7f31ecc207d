"""What happens to a version and its concept when their job ends without success."""

from sqlalchemy.orm import Session

from app.concepts import queries, versions
from app.contracts.embeddings import BulkImportSpec, is_bulk
from app.jobs import hooks
from app.jobs.models import Job


@hooks.on_final_state
def end_version(session: Session, job: Job) -> None:
    """Give a version the final state of its job, `failed` or `cancelled`, unless the job succeeded.

    If a result is stored already, the version becomes ready although the job failed, or was cancelled by somebody who
    keeps the best embedding: the concept is trained.
    """
    if job.version_id is None or job.state == "succeeded":
        return
    if job.state == "failed" or job.cancel == "keep":
        found = queries.version_in_library(session, job.team_id, job.version_id)
        if found is not None and found[0].state == "training" and found[0].files:
            versions.publish(session, *found)
            return
    queries.end_training(session, job.team_id, job.version_id, job.state, job.finished_at)


@hooks.on_final_state
def withdraw_failed_import(session: Session, job: Job) -> None:
    """Take a concept out of the library if its import failed or was cancelled; of a bulk import, all of its concepts.

    Such a concept has no embedding to draw with and no pictures to train on. The queue shows the job with the reason.
    """
    if job.kind != "import" or job.state == "succeeded":
        return
    if job.concept_id is not None:
        queries.withdraw(session, job.team_id, job.concept_id, job.finished_at)
    elif is_bulk(job.spec):
        for item in BulkImportSpec.model_validate(job.spec).items:
            queries.end_training(session, job.team_id, item.version_id, job.state, job.finished_at)
            queries.withdraw(session, job.team_id, item.concept_id, job.finished_at)
