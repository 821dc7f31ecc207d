"""Words that a concept is found by, kept beside its row so that search is a range of an index on every database.

What somebody types is split like what is stored; each piece has to be the beginning of a word. A tag is also stored
whole, as `#tag`. Whoever writes a concept need not know: the rows follow every flush.
"""

import re
from typing import Any, Final

from sqlalchemy import Connection, delete, event, insert, inspect
from sqlalchemy.orm import Mapper

from app.concepts.models import Concept, ConceptWord

LENGTH_MAX: Final = 64
WORDS_MAX: Final = 200  # of one concept; a description may be a page long
END: Final = "\U0010ffff"  # sorts behind every word that begins alike
_TOLD_BY: Final = ("placeholder", "name", "initializer", "tags", "description", "deleted_at")
_WORD: Final = re.compile(r"[^\W_]+")


def split(text: str) -> list[str]:
    """The words of a text, small, each once, in order."""
    return list(dict.fromkeys(word[:LENGTH_MAX] for word in _WORD.findall(text.casefold())))


def tag_word(tag: str) -> str:
    """How a tag is stored among the words. No word of a text begins like it."""
    return f"#{tag}"[:LENGTH_MAX]


def words_of(concept: Concept) -> list[str]:
    """Every word that finds a concept."""
    tags = [str(tag) for tag in concept.tags or ()]
    text = " ".join((concept.placeholder, concept.name, concept.initializer, *tags, concept.description or ""))
    return [*(tag_word(tag) for tag in tags), *split(text)[:WORDS_MAX]]


@event.listens_for(Concept, "after_update")
def _follow_change(mapper: Mapper[Any], connection: Connection, concept: Concept) -> None:
    if any(inspect(concept).attrs[name].history.has_changes() for name in _TOLD_BY):
        _follow(mapper, connection, concept)


@event.listens_for(Concept, "after_insert")
def _follow(_: Mapper[Any], connection: Connection, concept: Concept) -> None:
    connection.execute(delete(ConceptWord).where(ConceptWord.concept_id == concept.id))
    words = list(dict.fromkeys(words_of(concept))) if concept.deleted_at is None else []
    if words:
        rows = [{"concept_id": concept.id, "team_id": concept.team_id, "word": word} for word in words]
        connection.execute(insert(ConceptWord), rows)
