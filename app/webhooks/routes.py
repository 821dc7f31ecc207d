"""The endpoints of webhooks. Webhooks send a team's events out of the studio, so only administrators may use them."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Cursor, Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import Admin
from app.webhooks import queries, service, views
from app.webhooks.schemas import (
    DeliveryOut,
    DeliveryPage,
    NewWebhookOut,
    WebhookIn,
    WebhookList,
    WebhookOut,
    WebhookPatch,
)

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], route_class=BoundedRoute)


@router.get("")
def list_webhooks(principal: Admin, session: Reading, services: ServicesOf) -> WebhookList:
    """The team's webhooks."""
    items = [views.describe_webhook(webhook) for webhook in queries.of_team(session, principal.team_id)]
    return WebhookList(items=items, enabled=services.settings.webhooks)


@router.post("", status_code=status.HTTP_201_CREATED)
def create_webhook(
    body: WebhookIn, principal: Admin, session: UnitOfWork, services: ServicesOf, idempotency_key: Key = None
) -> NewWebhookOut:
    """Send the team's events to an address. The secret that signs the messages is shown only in this answer."""
    webhook = service.create(session, principal, services.settings, body.url, body.events, idempotency_key)
    return NewWebhookOut(**views.describe_webhook(webhook).model_dump(), secret=webhook.secret)


@router.patch("/{webhook_id}")
def change_webhook(webhook_id: str, body: WebhookPatch, principal: Admin, session: UnitOfWork) -> WebhookOut:
    """Choose the events of a webhook, pause it, or resume it."""
    webhook = service.get(session, principal.team_id, webhook_id)
    service.change(session, principal, webhook, body.events, body.active)
    return views.describe_webhook(webhook)


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_webhook(webhook_id: str, principal: Admin, session: UnitOfWork) -> None:
    """Delete a webhook and its deliveries."""
    service.delete(session, principal, service.get(session, principal.team_id, webhook_id))


@router.post("/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED)
def test_webhook(webhook_id: str, principal: Admin, session: UnitOfWork) -> DeliveryOut:
    """Send a test message."""
    return views.describe(service.try_out(session, principal, service.get(session, principal.team_id, webhook_id)))


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    webhook_id: str,
    principal: Admin,
    session: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DeliveryPage:
    """The deliveries of a webhook in the last 30 days, newest first."""
    webhook = service.get(session, principal.team_id, webhook_id)
    return views.page(session, webhook, cursor=cursor, limit=limit)


@router.post("/{webhook_id}/deliveries/{delivery_id}/send", status_code=status.HTTP_202_ACCEPTED)
def send_delivery_again(webhook_id: str, delivery_id: str, principal: Admin, session: UnitOfWork) -> DeliveryOut:
    """Send a message again, with the same id."""
    webhook = service.get(session, principal.team_id, webhook_id)
    return views.describe(service.send_again(session, principal, webhook, delivery_id))
