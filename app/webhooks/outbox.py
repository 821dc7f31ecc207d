"""Writes down what is to be told, in the transaction in which it happens: what is undone is never told, and what is
done is told even if this process dies the next moment."""

from typing import Any

from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.jobs.models import Job
from app.webhooks import events, queries
from app.webhooks.models import Delivery, Webhook


def announce(session: Session, job: Job) -> None:
    """A job has ended; one that taught or imported a word may have made it ready."""
    listening = queries.listening(session, job.team_id)
    if not listening:
        return
    messages = [events.job_ended(job)]
    if job.state == "succeeded" and job.version_id is not None and job.kind != "report":
        version = session.get_one(Version, job.version_id)
        messages.append(events.concept_ready(session.get_one(Concept, version.concept_id), version))
    for message in messages:
        for webhook in listening:
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
