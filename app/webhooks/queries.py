"""All SQL about webhooks. Queries for people are scoped to a team; the sender serves every team."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.orm import Session

from app.core.database import rows_changed
from app.webhooks.models import Delivery, Webhook

WAITS = Delivery.state == literal_column("'waiting'")


def of_team(session: Session, team_id: str) -> Sequence[Webhook]:
    """A team's webhooks, newest first."""
    return session.scalars(select(Webhook).where(Webhook.team_id == team_id).order_by(Webhook.id.desc())).all()


def active(session: Session, team_id: str) -> Sequence[Webhook]:
    """The team's webhooks that are not paused."""
    return session.scalars(select(Webhook).where(Webhook.team_id == team_id, Webhook.active)).all()


def by_id(session: Session, team_id: str, webhook_id: str) -> Webhook | None:
    """One webhook of the team."""
    query = select(Webhook).where(Webhook.team_id == team_id, Webhook.id == webhook_id)
    return session.scalars(query).one_or_none()


def deliveries(
    session: Session, team_id: str, webhook_id: str, *, before: str | None, limit: int
) -> Sequence[Delivery]:
    """The deliveries to one of the team's webhooks, newest first."""
    query = select(Delivery).where(Delivery.team_id == team_id, Delivery.webhook_id == webhook_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    return session.scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()


def delivery(session: Session, team_id: str, delivery_id: str) -> Delivery | None:
    """One delivery of the team."""
    query = select(Delivery).where(Delivery.team_id == team_id, Delivery.id == delivery_id)
    return session.scalars(query).one_or_none()


def due(session: Session, moment: datetime, limit: int) -> Sequence[Delivery]:
    """The deliveries that are due, locked so that two senders never take the same one."""
    query = select(Delivery).where(WAITS, Delivery.due_at <= moment).order_by(Delivery.due_at).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def sent(session: Session, delivery_id: str) -> Delivery | None:
    """A delivery that was just sent; None if it was deleted meanwhile."""
    return session.get(Delivery, delivery_id, populate_existing=True)


def receiver(session: Session, delivery: Delivery) -> Webhook:
    """The webhook that a delivery goes to."""
    return session.get_one(Webhook, delivery.webhook_id)


def backlog(session: Session) -> tuple[int, datetime | None]:
    """The number of waiting deliveries, and the creation time of the oldest."""
    row = session.execute(select(func.count(), func.min(Delivery.created_at)).where(WAITS)).one()
    return row[0], row[1]


def remove_before(session: Session, moment: datetime) -> int:
    """Remove deliveries that were created before a moment. Returns how many."""
    return rows_changed(session.execute(delete(Delivery).where(Delivery.created_at < moment)))
