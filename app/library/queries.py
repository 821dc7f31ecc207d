"""How the library is searched and read. Every query is scoped to a team."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from app.concepts import search_terms
from app.concepts.models import Concept, SearchTerm, Version
from app.concepts.queries import library
from app.generation.models import GenerationConcept
from app.library.order import Place, Sort

_WORST: Final = -10.0  # below every score, for concepts that have none


def page(
    session: Session,
    team_id: str,
    *,
    sort: Sort,
    after: Place | None,
    limit: int,
    query: str | None = None,
    tags: Collection[str] = (),
    kind: str | None = None,
    base_model: str | None = None,
    owner: str | None = None,
) -> Sequence[Concept]:
    """At most `limit` of the team's concepts in an order, behind a place in it. With several tags: those with all."""
    statement = _ordered(library(team_id), sort, after).limit(limit)
    if query:
        prefixes = search_terms.split(query)
        for prefix in prefixes:
            matches = SearchTerm.term.between(prefix, prefix + search_terms.END)
            statement = statement.where(_has_term(team_id, matches))
        if not prefixes:
            statement = statement.where(false())
    for tag in tags:
        statement = statement.where(_has_term(team_id, SearchTerm.term == search_terms.tag_term(tag)))
    if kind:
        statement = statement.where(Concept.kind == kind)
    if base_model:
        statement = statement.where(Concept.base_model == base_model)
    if owner:
        statement = statement.where(Concept.owner_id == owner)
    return session.scalars(statement).all()


def place_of(session: Session, team_id: str, concept_id: str, sort: Sort) -> Place:
    """A concept's place in an order."""
    value = _value_of(sort)
    if value is None:
        return Place("", concept_id)
    query = select(value).where(Concept.team_id == team_id, Concept.id == concept_id)
    return Place(session.execute(query).scalar_one(), concept_id)


def tag_lists(session: Session, team_id: str) -> Sequence[list[str]]:
    """The tags of each concept that has some, newest concept first."""
    query = select(Concept.tags).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))
    return [tags for tags in session.scalars(query.order_by(Concept.id.desc())) if tags]


def _has_term(team_id: str, matches: ColumnElement[bool]) -> ColumnElement[bool]:
    return Concept.id.in_(select(SearchTerm.concept_id).where(SearchTerm.team_id == team_id, matches))


def _value_of(sort: Sort) -> ColumnElement[Any] | None:
    """What the order compares before the id, or None if the id is all. Correlated with the concept."""
    if sort == "name":
        return Concept.sort_name.expression
    if sort == "used":  # ids begin with the time, so the greatest id is the last drawing's
        last = select(func.max(GenerationConcept.generation_id)).where(GenerationConcept.concept_id == Concept.id)
        return func.coalesce(last.scalar_subquery(), "")
    if sort == "score":
        current = and_(Version.concept_id == Concept.id, Version.number == Concept.current_version)
        return func.coalesce(select(Version.score).where(current).scalar_subquery(), _WORST)
    return None


def _ordered(statement: Select[Any], sort: Sort, after: Place | None) -> Select[Any]:
    """A query of concepts in this order, behind a place."""
    rising = sort in ("oldest", "name")
    keys = [key for key in (_value_of(sort), Concept.id) if key is not None]
    statement = statement.order_by(*(key.asc() if rising else key.desc() for key in keys))
    if after is None:
        return statement
    beyond = Concept.id > after.id if rising else Concept.id < after.id
    if len(keys) == 1:
        return statement.where(beyond)
    value = keys[0]
    return statement.where(
        or_(value > after.value if rising else value < after.value, and_(value == after.value, beyond))
    )
