"""The outbox: a delivery is written in the same transaction as the change that it reports.

A change that is rolled back is not reported. A committed change is reported even if this process dies right after it.
"""

from typing import Any

from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.jobs import hooks
from app.jobs.models import Job
from app.webhooks import events, queries
from app.webhooks.models import Delivery, Webhook


@hooks.on_final_state
def announce(session: Session, job: Job) -> None:
    """Report an ended job, and the version that it made ready, to the webhooks that subscribe to the event."""
    webhooks = queries.active(session, job.team_id)
    if not webhooks:
        return
    messages = [events.job_ended(job)]
    if job.state == "succeeded" and job.version_id is not None and job.kind != "report":
        messages.append(events.concept_ready(*concepts.with_version(session, job.team_id, job.version_id)))
    for message in messages:
        for webhook in webhooks:
            if message["type"] in webhook.events:
                enqueue(session, webhook, message)


def enqueue(session: Session, webhook: Webhook, message: dict[str, Any]) -> Delivery:
    """Put one message to one address into the outbox."""
    delivery = Delivery(
        team_id=webhook.team_id, webhook_id=webhook.id, event=message["type"], payload=message, attempts=0
    )
    session.add(delivery)
    session.flush()
    return delivery
