"""Builds the responses about webhooks and deliveries from their rows."""

from sqlalchemy.orm import Session

from app.webhooks import queries
from app.webhooks.models import Delivery, Webhook
from app.webhooks.schemas import DeliveryOut, DeliveryPage, WebhookOut


def describe_webhook(webhook: Webhook) -> WebhookOut:
    """A webhook without its secret."""
    return WebhookOut.model_validate(webhook, from_attributes=True)


def page(session: Session, webhook: Webhook, *, cursor: str | None, limit: int) -> DeliveryPage:
    """The deliveries of a webhook, newest first."""
    found = queries.deliveries(session, webhook.team_id, webhook.id, before=cursor, limit=limit + 1)
    shown = found[:limit]
    return DeliveryPage(items=[describe(each) for each in shown], next=shown[-1].id if len(found) > limit else None)


def describe(delivery: Delivery) -> DeliveryOut:
    """A delivery. `due_at` is null unless the delivery waits."""
    columns = {name: getattr(delivery, name) for name in DeliveryOut.model_fields}
    return DeliveryOut(**columns | {"due_at": delivery.due_at if delivery.state == "waiting" else None})
