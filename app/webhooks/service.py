"""Setting up webhooks, and sending deliveries again. `app.webhooks.views` describes them."""

import base64
import json
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.audit import service as audit
from app.core import idempotency
from app.core.database import utc_now
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.settings import Settings
from app.webhooks import queries
from app.webhooks.addresses import resolved
from app.webhooks.events import Event, test_message
from app.webhooks.models import Delivery, Webhook
from app.webhooks.outbox import enqueue

WEBHOOKS_MAX = 20


def create(
    session: Session, principal: Principal, settings: Settings, url: str, events: Sequence[Event], key: str | None
) -> Webhook:
    """Add a webhook; with an `Idempotency-Key` that was used before, return the same webhook with a new secret."""
    if not settings.webhooks:
        raise Forbidden(
            "This studio sends no webhooks. Its administrator can allow them with ONEWORD_WEBHOOKS=true.",
            code="webhooks-off",
        )
    resolved(url, to_private=settings.webhooks_to_private)
    team_id, request_hash = principal.team_id, _request_hash(url, events)
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    existing = None if made_id is None else queries.by_id(session, team_id, made_id)
    if existing is not None:
        existing.secret = _new_secret()
        audit.record(session, principal, "webhook.secret-renewed", existing.id, _origin(existing.url))
        return existing
    accounts.lock_team(session, team_id)
    if len(queries.of_team(session, team_id)) >= WEBHOOKS_MAX:
        raise Conflict(f"A team has at most {WEBHOOKS_MAX} webhooks. Delete one first.", code="webhooks-full")
    webhook = Webhook(
        team_id=team_id,
        user_id=principal.user_id,
        url=url,
        events=list(dict.fromkeys(events)),
        secret=_new_secret(),
    )
    session.add(webhook)
    session.flush()
    audit.record(session, principal, "webhook.created", webhook.id, _origin(url), events=webhook.events)
    if made_id is None:
        idempotency.remember_id(session, team_id, key, request_hash, webhook.id)
    return webhook


def get(session: Session, team_id: str, webhook_id: str) -> Webhook:
    """One webhook of the team."""
    webhook = queries.by_id(session, team_id, webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook. It may have been deleted.")
    return webhook


def change(
    session: Session, principal: Principal, webhook: Webhook, events: Sequence[Event] | None, active: bool | None
) -> None:
    """Choose the events, pause the webhook, or resume it. None leaves a field as it is."""
    if events is not None:
        webhook.events = list(dict.fromkeys(events))
    if active is not None:
        webhook.active = active
    audit.record(session, principal, "webhook.changed", webhook.id, _origin(webhook.url), events=events, active=active)


def delete(session: Session, principal: Principal, webhook: Webhook) -> None:
    """Delete a webhook and its deliveries."""
    session.delete(webhook)
    audit.record(session, principal, "webhook.deleted", webhook.id, _origin(webhook.url))


def try_out(session: Session, principal: Principal, webhook: Webhook) -> Delivery:
    """Put a test message into the outbox."""
    audit.record(session, principal, "webhook.tested", webhook.id, _origin(webhook.url))
    return enqueue(session, webhook, test_message())


def send_again(session: Session, principal: Principal, webhook: Webhook, delivery_id: str) -> Delivery:
    """Put an ended delivery back into the outbox, as the same message with the same id."""
    delivery = queries.delivery(session, webhook.team_id, delivery_id)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise NotFound("There is no such delivery. Old ones are removed.")
    delivery.state, delivery.attempts, delivery.due_at, delivery.finished_at = "waiting", 0, utc_now(), None
    audit.record(session, principal, "webhook.sent-again", webhook.id, _origin(webhook.url), delivery=delivery.id)
    return delivery


def _origin(url: str) -> str:
    """Scheme and host of an address. Its path and its query may hold a secret, which does not belong into the audit."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _request_hash(url: str, events: Sequence[Event]) -> str:
    body = json.dumps({"url": url, "events": list(events)}, ensure_ascii=False, separators=(",", ":"))
    return idempotency.hash_request("webhook", body)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
