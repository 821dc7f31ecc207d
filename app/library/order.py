"""The orders in which the library can be read, and the cursors that keep a reader's place in each.

A cursor holds the value that the last concept of a page had and its id. A concept that is renamed or drawn with between
two pages therefore moves by itself, and no other concept is left out or shown twice.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.core.errors import InvalidInput

Sort = Literal["newest", "oldest", "name", "used", "score"]
Value = str | float

CURSOR: Final = re.compile(r"(?:[0-9a-f]{0,800}-)?[0-7][0-9a-hjkmnp-tv-z]{25}")


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
