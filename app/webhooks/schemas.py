"""What webhooks look like over the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.webhooks.events import EVENTS, Event


class WebhookIn(BaseModel):
    """An address to tell, and of what."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.org/oneword", "events": ["concept.ready"]}]}
    )

    url: str = Field(max_length=2000, description="An https address on the open internet.")
    events: list[Event] = Field(default_factory=lambda: list(EVENTS), min_length=1)


class WebhookPatch(BaseModel):
    """What is to change; what is left out stays."""

    events: list[Event] | None = Field(None, min_length=1)
    active: bool | None = None


class WebhookOut(BaseModel):
    """An address that is told, without its secret."""

    id: str
    url: str
    events: list[Event]
    active: bool = Field(description="False once somebody paused it, or once its receiver answered 410 Gone.")
    created_at: datetime


class NewWebhookOut(WebhookOut):
    """An address with the secret that its messages are signed with, which is shown only here."""

    secret: str


class WebhookList(BaseModel):
    """The team's webhooks."""

    items: list[WebhookOut]
    next: str | None = None
    enabled: bool = Field(description="Whether this studio sends webhooks at all (`ONEWORD_WEBHOOKS`).")


class DeliveryOut(BaseModel):
    """One message to one address."""

    id: str
    event: str
    state: Literal["waiting", "delivered", "given-up"]
    attempts: int
    due_at: datetime | None = Field(description="When it is sent next, while it waits.")
    status: int | None = Field(description="What the address answered last.")
    error: str | None = Field(description="Why it did not arrive, or what the address said to that.")
    payload: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]
    next: str | None
