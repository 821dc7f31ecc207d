"""All SQL of presets and prompt lists. Every query is scoped to a team."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.presets.models import Preset, PromptList

Kept = TypeVar("Kept", Preset, PromptList)


def every(session: Session, team_id: str, table: type[Kept]) -> Sequence[Kept]:
    """All presets, or all lists, of the team by name."""
    return session.scalars(select(table).where(table.team_id == team_id).order_by(table.name)).all()


def one(session: Session, team_id: str, table: type[Kept], name: str) -> Kept | None:
    """One preset, or one list, of the team."""
    return session.scalars(select(table).where(table.team_id == team_id, table.name == name)).one_or_none()


def count(session: Session, team_id: str, table: type[Kept]) -> int:
    """How many the team has."""
    return session.execute(select(func.count()).select_from(table).where(table.team_id == team_id)).scalar_one()


def lists(session: Session, team_id: str, names: Collection[str]) -> dict[str, list[str]]:
    """The lines of the team's lists with these names, by name."""
    query = select(PromptList).where(PromptList.team_id == team_id, PromptList.name.in_(names))
    return {each.name: each.lines for each in session.scalars(query)}


def list_names(session: Session, team_id: str) -> Sequence[str]:
    """The names of the team's lists."""
    return session.scalars(select(PromptList.name).where(PromptList.team_id == team_id)).all()
