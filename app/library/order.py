"""The orders in which the library can be read, and the cursors that keep a reader's place in each.

A cursor holds the value that the last concept of a page had and its id. A concept that is renamed or drawn with between
two pages therefore moves by itself, and no other concept is left out or shown twice.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.concepts.models import Concept, Version
from app.core.errors import InvalidInput
from app.generation.models import GenerationConcept

Sort = Literal["newest", "oldest", "name", "used", "score"]
Value = str | float

CURSOR: Final = re.compile(r"(?:[0-9a-f]{0,800}-)?[0-7][0-9a-hjkmnp-tv-z]{25}")
_WORST: Final = -10.0  # below every score, for concepts that have none


@dataclass(frozen=True)
class Place:
    """A concept's place in an order: its value there, and its id."""

    value: Value
    id: str

    @classmethod
    def of(cls, cursor: str, sort: Sort) -> "Place":
        """The place that a cursor holds. Raises InvalidInput for a cursor of another order."""
        value, _, concept_id = cursor.rpartition("-")
        try:
            text = bytes.fromhex(value).decode()
            return cls(float(text) if sort == "score" else text, concept_id)
        except ValueError:
            raise InvalidInput(
                "This cursor belongs to another order of the library. Begin with the first page of this one.",
                field="cursor",
                code="cursor",
            ) from None

    @property
    def cursor(self) -> str:
        """The text that `of` reads."""
        return f"{str(self.value).encode().hex()}-{self.id}" if self.value != "" else self.id


def value_of(sort: Sort) -> ColumnElement[Any] | None:
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


def ordered(statement: Select[Any], sort: Sort, after: Place | None) -> Select[Any]:
    """A query of concepts in this order, behind a place."""
    rising = sort in ("oldest", "name")
    keys = [key for key in (value_of(sort), Concept.id) if key is not None]
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
