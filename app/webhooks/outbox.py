"""The outbox: a delivery is written in the same transaction as the change that it reports.

A change that is rolled back is not reported. A committed change is reported even if this process dies right after it.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.concepts import versions
from app.concepts.models import Concept, Version
from app.jobs import hooks
from app.jobs.models import Job
from app.webhooks import events, queries
from app.webhooks.models import Delivery, Webhook


@hooks.on_final_state
def announce(session: Session, job: Job) -> None:
    """Report an ended job to the webhooks that subscribe to the event."""
    _send(session, job.team_id, lambda: events.job_ended(job))


@versions.on_version_ready
def announce_version(session: Session, concept: Concept, version: Version) -> None:
    """Report a version that became ready, also if its job failed after the training."""
    _send(session, concept.team_id, lambda: events.concept_ready(concept, version))


def _send(session: Session, team_id: str, message_of: Callable[[], dict[str, Any]]) -> None:
    webhooks = queries.active(session, team_id)
    if not webhooks:
        return
    message = message_of()
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
