"""Search terms of a concept, in a table of their own, so that search is a range scan of an index on every database.

A query is split into terms like the stored text, and each term of the query has to be a prefix of a stored term. A tag
is also stored whole, as `#tag`. A listener updates the rows at every flush of a concept, so no other code writes them.
"""

import re
from typing import Any, Final

from sqlalchemy import Connection, delete, event, insert, inspect
from sqlalchemy.orm import Mapper

from app.concepts.models import Concept, SearchTerm

LENGTH_MAX: Final = 64
TERMS_MAX: Final = 200  # of one concept, whose description may be a page long
END: Final = "\U0010ffff"  # a prefix with this suffix sorts after every term that has the prefix
_INDEXED_COLUMNS: Final = ("placeholder", "name", "initializer", "tags", "description", "deleted_at")
_TERM: Final = re.compile(r"[^\W_]+")


def split(text: str) -> list[str]:
    """The terms of a text: lower case, in order, without repetitions."""
    return list(dict.fromkeys(term[:LENGTH_MAX] for term in _TERM.findall(text.casefold())))


def tag_term(tag: str) -> str:
    """The term that stands for a whole tag, without upper case. No term of a text begins with `#`."""
    return f"#{tag.casefold()}"[:LENGTH_MAX]


def sort_name(name: str) -> str:
    """A name as the library sorts it."""
    return name.strip().casefold()[:200]


def terms_of(concept: Concept) -> list[str]:
    """Every term that finds a concept."""
    tags = [str(tag) for tag in concept.tags or ()]
    text = " ".join((concept.placeholder, concept.name, concept.initializer, *tags, concept.description or ""))
    return [*(tag_term(tag) for tag in tags), *split(text)[:TERMS_MAX]]


@event.listens_for(Concept, "before_insert")
@event.listens_for(Concept, "before_update")
def _rename(_: Mapper[Any], __: Connection, concept: Concept) -> None:
    concept.sort_name = sort_name(concept.name)


@event.listens_for(Concept, "after_update")
def _reindex_changed(mapper: Mapper[Any], connection: Connection, concept: Concept) -> None:
    if any(inspect(concept).attrs[name].history.has_changes() for name in _INDEXED_COLUMNS):
        _reindex(mapper, connection, concept)


@event.listens_for(Concept, "after_insert")
def _reindex(_: Mapper[Any], connection: Connection, concept: Concept) -> None:
    connection.execute(delete(SearchTerm).where(SearchTerm.concept_id == concept.id))
    terms = list(dict.fromkeys(terms_of(concept))) if concept.deleted_at is None else []
    if terms:
        rows = [{"concept_id": concept.id, "team_id": concept.team_id, "term": term} for term in terms]
        connection.execute(insert(SearchTerm), rows)
