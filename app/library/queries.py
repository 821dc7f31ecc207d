"""How the library is searched and read. Every query is scoped to a team."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from app.concepts import search_terms
from app.concepts.models import Concept, SearchTerm
from app.concepts.queries import library
from app.library.order import Place, Sort, ordered, value_of


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
    statement = ordered(library(team_id), sort, after).limit(limit)
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


def place_of(session: Session, concept: Concept, sort: Sort) -> Place:
    """A concept's place in an order."""
    value = value_of(sort)
    found = "" if value is None else session.execute(select(value).where(Concept.id == concept.id)).scalar_one()
    return Place(found, concept.id)


def tag_lists(session: Session, team_id: str) -> Sequence[list[str]]:
    """The tags of each concept that has some, newest concept first."""
    query = select(Concept.tags).where(Concept.team_id == team_id, Concept.deleted_at.is_(None))
    return [tags for tags in session.scalars(query.order_by(Concept.id.desc())) if tags]


def _has_term(team_id: str, matches: ColumnElement[bool]) -> ColumnElement[bool]:
    return Concept.id.in_(select(SearchTerm.concept_id).where(SearchTerm.team_id == team_id, matches))
