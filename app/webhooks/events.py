"""The events that a webhook can subscribe to, and their messages, as Standard Webhooks has it: type, timestamp, data.

A message contains ids and final states. The receiver fetches pictures, prompts and embeddings over REST.
"""

from typing import Any, Final, Literal, get_args

from app.concepts.models import Concept, Version
from app.core.database import utc_now
from app.jobs.models import Job

Event = Literal["job.succeeded", "job.failed", "job.cancelled", "concept.ready"]
EVENTS: Final[tuple[Event, ...]] = get_args(Event)
TEST: Final = "webhook.test"


def job_ended(job: Job) -> dict[str, Any]:
    """The message about a job that has ended."""
    return _message(
        f"job.{job.state}",
        {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "error": job.error,
            "concept_id": job.concept_id,
            "generation_id": job.generation_id,
            "created_at": job.created_at.isoformat(),
            "finished_at": None if job.finished_at is None else job.finished_at.isoformat(),
        },
    )


def concept_ready(concept: Concept, version: Version) -> dict[str, Any]:
    """The message about a version that is ready to draw with."""
    data = {"id": concept.id, "placeholder": concept.placeholder, "name": concept.name, "version": version.number}
    return _message("concept.ready", data)


def test_message() -> dict[str, Any]:
    """The message that a person sends to test whether messages arrive."""
    return _message(TEST, {"text": "This is a test. If you can read it and its signature is valid, webhooks work."})


def _message(event: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": event, "timestamp": utc_now().isoformat(), "data": data}
