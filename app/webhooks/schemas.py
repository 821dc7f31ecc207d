"""Request and response schemas of webhooks, and the messages that they receive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.contracts.jobs import Kind
from app.core.request_model import RequestModel
from app.webhooks.events import EVENTS, Event

Events = Annotated[list[Event], Field(min_length=1, max_length=30, fail_fast=True)]


class WebhookIn(RequestModel):
    """An address, and the events to send to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.org/oneword", "events": ["concept.ready"]}]}
    )

    url: str = Field(max_length=2000, description="An https address on the public internet.")
    events: Events = Field(default_factory=lambda: list(EVENTS))


class WebhookPatch(RequestModel):
    """The fields to change; fields that are not sent stay as they are."""

    events: Events | None = None
    active: bool | None = None


class WebhookOut(BaseModel):
    """A webhook without its secret."""

    id: str
    url: str
    events: list[Event]
    active: bool = Field(description="False after a person paused it, or after its receiver answered 410 Gone.")
    created_at: datetime


class NewWebhookOut(WebhookOut):
    """A webhook with the secret that signs its messages. Only this answer shows the secret."""

    secret: str


class WebhookList(BaseModel):
    """The team's webhooks."""

    items: list[WebhookOut]
    next: str | None = None
    enabled: bool = Field(description="Whether this studio sends webhooks at all (`ONEWORD_WEBHOOKS`).")


class DeliveryOut(BaseModel):
    """One message to one address."""

    id: str
    event: Event | Literal["webhook.test"]
    state: Literal["waiting", "delivered", "given-up"]
    attempts: int
    due_at: datetime | None = Field(description="Time of the next attempt, while the delivery waits.")
    status: int | None = Field(description="HTTP status of the last answer.")
    error: str | None = Field(description="Why there was no answer, or the beginning of the answer.")
    payload: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]
    next: str | None


class EndedJob(BaseModel):
    """A job that has ended."""

    id: str
    kind: Kind
    state: Literal["succeeded", "failed", "cancelled"]
    error: dict[str, Any] | None = Field(description="A problem (RFC 9457) if the job failed.")
    concept_id: str | None
    generation_id: str | None
    created_at: datetime
    finished_at: datetime | None


class JobMessage(BaseModel):
    """A job has ended."""

    type: Literal["job.succeeded", "job.failed", "job.cancelled"]
    timestamp: datetime
    data: EndedJob


class ReadyConcept(BaseModel):
    """A version that can be drawn with."""

    id: str
    placeholder: str
    name: str
    version: int


class ConceptMessage(BaseModel):
    """A version of a concept is ready."""

    type: Literal["concept.ready"]
    timestamp: datetime
    data: ReadyConcept


MESSAGES: Final[Mapping[str, type[BaseModel]]] = {
    "job.succeeded": JobMessage,
    "job.failed": JobMessage,
    "job.cancelled": JobMessage,
    "concept.ready": ConceptMessage,
}
