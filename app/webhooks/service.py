"""Setting up who is told, and looking at what was."""

import base64
import secrets

from sqlalchemy.orm import Session

from app.accounts.principal import Principal
from app.core import idempotency
from app.core.database import utc_now
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.settings import Settings
from app.webhooks import events, queries
from app.webhooks.addresses import resolved
from app.webhooks.models import Delivery, Webhook
from app.webhooks.outbox import enqueue
from app.webhooks.schemas import DeliveryOut, DeliveryPage, WebhookIn, WebhookOut, WebhookPatch

WEBHOOKS_MAX = 20


def create(session: Session, principal: Principal, settings: Settings, asked: WebhookIn, key: str | None) -> Webhook:
    """A new webhook, or with an `Idempotency-Key` that was used before the same one with a fresh secret."""
    if not settings.webhooks:
        raise Forbidden(
            "This studio sends no webhooks. Whoever runs it can allow them with ONEWORD_WEBHOOKS=true.",
            code="webhooks-off",
        )
    resolved(asked.url, to_private=settings.webhooks_to_private)
    team_id, mark = principal.team_id, idempotency.mark_of("webhook", asked.model_dump_json())
    made_id = idempotency.earlier_id(session, team_id, key, mark)
    known = None if made_id is None else queries.by_id(session, team_id, made_id)
    if known is not None:
        known.secret = _new_secret()
        return known
    if len(queries.of_team(session, team_id)) >= WEBHOOKS_MAX:
        raise Conflict(f"A team has at most {WEBHOOKS_MAX} webhooks. Delete one first.", code="webhooks-full")
    webhook = Webhook(
        team_id=team_id,
        user_id=principal.user_id,
        url=asked.url,
        events=list(dict.fromkeys(asked.events)),
        secret=_new_secret(),
    )
    session.add(webhook)
    session.flush()
    if made_id is None:
        idempotency.remember_id(session, team_id, key, mark, webhook.id)
    return webhook


def get(session: Session, team_id: str, webhook_id: str) -> Webhook:
    """One webhook of the team."""
    webhook = queries.by_id(session, team_id, webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook. It may have been deleted.")
    return webhook


def change(webhook: Webhook, patch: WebhookPatch) -> None:
    """Choose what it hears of, pause it, or let it go on."""
    if patch.events is not None:
        webhook.events = list(dict.fromkeys(patch.events))
    if patch.active is not None:
        webhook.active = patch.active


def try_out(session: Session, webhook: Webhook) -> Delivery:
    """Send it a message that says nothing but that it arrived."""
    return enqueue(session, webhook, events.test())


def send_again(session: Session, webhook: Webhook, delivery_id: str) -> Delivery:
    """Put a delivery that has ended back into the outbox, as the same message."""
    delivery = queries.delivery(session, webhook.team_id, delivery_id)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise NotFound("There is no such delivery. Old ones are removed.")
    delivery.state, delivery.attempts, delivery.due_at, delivery.finished_at = "waiting", 0, utc_now(), None
    session.flush()
    return delivery


def page(session: Session, webhook: Webhook, *, cursor: str | None, limit: int) -> DeliveryPage:
    """What was sent to it, newest first."""
    found = queries.deliveries(session, webhook.team_id, webhook.id, before=cursor, limit=limit + 1)
    shown = found[:limit]
    return DeliveryPage(items=[describe(each) for each in shown], next=shown[-1].id if len(found) > limit else None)


def describe_webhook(webhook: Webhook) -> WebhookOut:
    """A webhook as its team sees it."""
    return WebhookOut.model_validate(webhook, from_attributes=True)


def describe(delivery: Delivery) -> DeliveryOut:
    """A delivery as its team sees it."""
    columns = {name: getattr(delivery, name) for name in DeliveryOut.model_fields}
    return DeliveryOut(**columns | {"due_at": delivery.due_at if delivery.state == "waiting" else None})


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
